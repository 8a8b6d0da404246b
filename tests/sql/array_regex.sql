-- regular expressions that give arrays
SELECT regexp_match('foobarbequebaz', '(bar)(beque)'), regexp_match('foobar', 'oba'), regexp_match('foo', 'x'), regexp_match('abc', '(a)|(b)'), regexp_match(NULL, 'x'), regexp_match('ABC', 'b', 'i');
SELECT (regexp_match('key=value', '(\w+)=(\w+)'))[2];
SELECT regexp_match('a', 'a', 'g');
SELECT regexp_match('a', 'a', 'y');
SELECT regexp_matches('foobarbequebazilbarfbonk', '(b[^b]+)(b[^b]+)', 'g');
SELECT * FROM regexp_matches('a1b22c333', '\d+', 'g') WITH ORDINALITY m(v, n);
SELECT regexp_matches('abc', 'z');
SELECT regexp_matches('abc', 'b');
SELECT regexp_split_to_array('hello  big world', '\s+'), regexp_split_to_array('abc', ''), regexp_split_to_array('abc', 'x'), regexp_split_to_array('aXbxc', 'x', 'i'), regexp_split_to_array('', 'x'), regexp_split_to_array('xax', 'x');
SELECT regexp_split_to_array('a', 'b', 'g');
