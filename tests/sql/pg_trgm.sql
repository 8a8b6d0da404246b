-- pg_trgm: similarity of texts.
CREATE EXTENSION pg_trgm;
\dx+ pg_trgm
SELECT show_trgm('word'), show_trgm('Two Words, 2'), show_trgm(''), show_trgm('a'), show_trgm('ä öx');
SELECT similarity('word', 'two words'), similarity('abc', 'abc'), similarity('abc', 'xyz'), similarity('', 'a'), similarity('Wow', 'WOWow');
SELECT word_similarity('word', 'two words'), strict_word_similarity('word', 'two words'), strict_word_similarity('words', 'two words'),
       word_similarity('', 'a'), word_similarity('a', '');
SELECT a, b, word_similarity(a, b), strict_word_similarity(a, b), similarity(a, b)
FROM (VALUES ('Baykal', 'Boykal lake'), ('Kabankala', 'Kabankalan City Public Plaza'), ('abc def', 'xx abc yy def zz abc def'),
      ('postgres', 'the postgresql server, postgres'), ('aaa', 'aaaaaa aa a'), ('hello world', 'world hello'), ('x y z', 'z y x'),
      ('one two three', 'threeone two'), ('abab', 'ababab cdcd'), ('limit', 'unlimited limits limit')) v(a, b);
SELECT 'word' % 'words', 'word' % 'xxxx', 'word' <-> 'words', 'word' <% 'two words', 'two words' %> 'word', 'word' <<% 'two words',
       'two words' %>> 'words', 'word' <<-> 'two words', 'two words' <->> 'word', 'word' <<<-> 'two words', 'two words' <->>> 'word';
SELECT show_limit(), set_limit(0.8), show_limit();
SHOW pg_trgm.similarity_threshold;
SELECT 'word' % 'words';
SELECT set_limit(2);
SET pg_trgm.word_similarity_threshold = 0.9;
SELECT 'words' <% 'word of', 'word' <% 'word of';
SET pg_trgm.strict_word_similarity_threshold = 1.5;
RESET pg_trgm.word_similarity_threshold;
CREATE TABLE t (id serial, s text);
INSERT INTO t(s) SELECT 'item number ' || i || ' of ' || chr(97 + i % 26) || chr(97 + i % 7) || 'x' FROM generate_series(1, 200) i;
INSERT INTO t(s) VALUES ('PostgreSQL'), ('Postgres'), ('postal'), ('100% sure_thing'), (NULL), ('');
SELECT set_limit(0.3);
SELECT s, similarity(s, 'postgres') FROM t WHERE s % 'postgres' ORDER BY s <-> 'postgres', s LIMIT 5;
SELECT id, s FROM t WHERE s ILIKE '%POSTG%' ORDER BY id;
SELECT id, s FROM t WHERE s LIKE '%number 17_ of%' ORDER BY id;
SELECT id, s FROM t WHERE 'item nummer' <% s ORDER BY id LIMIT 3;
CREATE INDEX t_trgm ON t USING gin (s gin_trgm_ops);
ANALYZE t;
SELECT s, similarity(s, 'postgres') FROM t WHERE s % 'postgres' ORDER BY s <-> 'postgres', s LIMIT 5;
SELECT id, s FROM t WHERE s ILIKE '%POSTG%' ORDER BY id;
SELECT id, s FROM t WHERE s LIKE '%number 17_ of%' ORDER BY id;
SELECT id, s FROM t WHERE 'item nummer' <% s ORDER BY id LIMIT 3;
SELECT id, s FROM t WHERE s LIKE 'item number 1__ of%' AND s LIKE '%ax' ORDER BY id;
SELECT id, s FROM t WHERE s LIKE '%100\%%' ORDER BY id;
SELECT id, s FROM t WHERE s LIKE '%ure\_th%' ORDER BY id;
SELECT count(*) FROM t WHERE s LIKE '%';
SELECT count(*) FROM t WHERE s ~ 'number 1[0-9]+ of';
SELECT id FROM t WHERE s = 'postal';
\d t
CREATE TABLE u (a text PRIMARY KEY);
DROP EXTENSION pg_trgm;
SELECT similarity('a', 'b');
