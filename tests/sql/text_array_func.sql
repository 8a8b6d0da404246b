-- functions between text and arrays
SELECT string_to_array('a,b', ',') IS NOT NULL;
SELECT array_to_string(string_to_array('a,b,,c', ','), '|');
