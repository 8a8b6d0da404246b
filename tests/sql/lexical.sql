-- comments, identifiers, quoting, case folding, numbers and operators as written
SELECT 1 -- comment to the end of line
;
SELECT /* inside */ 2 /* and after */;
SELECT /* nested /* comment */ still comment */ 3;
SELECT 4 /* many
lines */ + 5;
-- a comment alone
SELECT '-- not a comment', '/* neither */';
SELECT 6--7
;
SELECT 1 AS Mixed, 2 AS "Mixed", 3 AS MIXED2;
CREATE TABLE Foo (Bar int, "Baz" int, "with space" int, "quo""te" int, _under int, dollar$ int);
INSERT INTO fOO (bAR, "Baz", "with space", "quo""te", _UNDER, Dollar$) VALUES (1, 2, 3, 4, 5, 6);
SELECT * FROM FOO;
SELECT BAR, "Baz", "with space", "quo""te" FROM foo;
SELECT "Bar" FROM foo;
SELECT baz FROM foo;
SELECT foo."bar", FOO."with space" FROM "foo";
SELECT 1 a, 2 "b", 3 AS c;
SELECT 1 value, 2 name, 3 type, 4 date, 5 text;
SELECT 1 user;
SELECT 1 AS user, 2 AS table;
SELECT 1 AS "table", 2 AS "user";
SELECT 007, 1.0e1, 1E+2, .5, 5., 1e-2, 123456789012345678901234567890;
SELECT 1+1, 1 +1, 1+ 1, 2*-3, 2 - -3, -(-2), 1<2, 1<>2, 1!=2, 2>=1, 'a'||'b', 5%3, 2^3^2, -2^2, 10-2-3, 2*3+4, 2+3*4, NOT true = false;
SELECT 1 = 1 = true, 1 < 2 = true, NOT 1 > 2 AND true OR false, 1 + 2 || 'x', 'a' || 1 + 2;
SELECT 1 IS NULL = false, - 5 % 3, 2 * 3 % 4, 100 / 10 * 2, 1 - 1 - 1, 5 BETWEEN 1 AND 3 + 4, 'ab' LIKE 'a' || '%';
SELECT true OR true AND false, (true OR true) AND false, NOT false AND false, NOT (false AND false), 1 IN (1) AND 2 IN (3);
SELECT 'it''s', '', '''', 'a''''b', E'\'', $$it's$$, $x$a$$b$x$, $$$$;
SELECT 'line
break', E'a\tb', 'a\tb', E'\\', '\';
SELECT 'con' 'cat';
SELECT 'con'
'cat';
SELECT TRUE, True, tRuE, NULL, Null;
select 1; Select 2; SELECT
3
;
SELECT (((1))), ((1) + (2)), (SELECT (SELECT 4));
SELECT
    1
        AS    spaced	,	2;
SELECT 1;;SELECT 2;
SELECT U&"d\0061t\+000061" FROM (SELECT 1 AS data) s;
SELECT "a" FROM (SELECT 1 AS a) "s";
SELECT s.a::text||'x' FROM (SELECT 1 AS a) s;
SELECT 1::int::text::int, '5'::int*2, -1::text, - 1::int2;
SELECT int4 '5', text 'x', date '2024-01-01', pg_catalog.int4 '7', float8 '1.5', interval '1 day';
SELECT CAST('1' AS pg_catalog.int4), '1'::pg_catalog."int4", 1::"numeric";
SELECT current_user = session_user, current_catalog, current_schema, user = current_role;
SELECT very_long_identifier_that_goes_past_the_limit_of_sixty_three_bytes_for_names.x FROM (SELECT 1 AS x) very_long_identifier_that_goes_past_the_limit_of_sixty_three_bytes_for_names;
