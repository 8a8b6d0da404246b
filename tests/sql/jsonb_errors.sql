-- Where exactly errors of JSON and jsonpath are told.
SELECT '"\ud83dXab"'::jsonb;
SELECT '"\ud83d\n"'::jsonb;
SELECT '"ab\ude04cd"'::jsonb;
SELECT '"ab\ud83d\ud83dcd"'::jsonb;
SELECT '"ab\u0"'::jsonb;
SELECT '"ab\u'::jsonb;
SELECT '"\u00€€x"'::jsonb;
SELECT '"a\qb"'::jsonb;
SELECT '["a","\u0000b"]'::json ->> 1;
SELECT '$ b "c"'::jsonpath;
SELECT '$ "c" d'::jsonpath;
SELECT '$ $x'::jsonpath;
SELECT '$ foo.bar'::jsonpath;
SELECT '$ 12 '::jsonpath;
SELECT '$ ? (@.a == 1'::jsonpath;
SELECT '$ ? (@.a = 1)'::jsonpath;
