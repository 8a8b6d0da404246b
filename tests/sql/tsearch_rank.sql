-- ranking and headlines
CREATE TABLE docs (id int PRIMARY KEY, body text, v tsvector);
INSERT INTO docs VALUES
 (1, 'The quick brown fox jumps over the lazy dog. Foxes are quick animals; the dog is not.'),
 (2, 'Search engines index documents and rank the documents by how well they answer a query.'),
 (3, 'A quick search: the query asks for a dog, and the engine finds many dogs and a fox.'),
 (4, 'Nothing here matches.'),
 (5, 'dog dog dog dog fox fox quick quick quick query query search');
UPDATE docs SET v = setweight(to_tsvector('english', split_part(body, ' ', 1)), 'A') || to_tsvector('english', body);
SELECT id, q, ts_rank(v, q), ts_rank_cd(v, q) FROM docs, (VALUES (to_tsquery('english', 'quick & dog')), (to_tsquery('english', 'fox | query')), (to_tsquery('english', 'quick <-> search')), (to_tsquery('english', 'dog & !fox')), (to_tsquery('english', 'qu:* & search')), (to_tsquery('english', 'fox:A')), (''::tsquery)) t(q) ORDER BY 1, 2;
SELECT n, ts_rank(v, q, n), ts_rank_cd(v, q, n) FROM docs, to_tsquery('english', 'quick & dog | fox') q, generate_series(0, 63, 3) n WHERE id = 1 ORDER BY n;
SELECT id, ts_rank('{0.1, 0.2, 0.4, 0.9}', v, q), ts_rank_cd('{0.05, 0.2, 0.3, 1}', v, q), ts_rank('{-1, 0, 0.5, 1}', v, q, 2), ts_rank_cd('{-1, 0.1, 0.5, 1}', v, q, 4) FROM docs, to_tsquery('english', 'quick | dog') q ORDER BY id;
SELECT ts_rank('{1,1}', 'a:1', 'a');
SELECT ts_rank('{{1,1,1,1}}', 'a:1', 'a');
SELECT ts_rank('{1,1,1,2}', 'a:1', 'a');
SELECT ts_rank('{1,1,1,NULL}', 'a:1', 'a');
SELECT ts_rank_cd('{1,1,1,2}', 'a:1', 'a');
SELECT ts_rank('a b', 'a & b'), ts_rank_cd('a b', 'a & b'), ts_rank('a:1 b:200', 'a & b'), ts_rank(strip('a:1A'), 'a'), ts_rank('a:1', 'b'), ts_rank('', 'a');
SELECT id, ts_rank(v, q) AS rank FROM docs, to_tsquery('english', 'search & query') q WHERE v @@ q ORDER BY rank DESC, id;
-- headlines
SELECT id, ts_headline('english', body, to_tsquery('english', 'quick & dog')) FROM docs ORDER BY id;
SELECT id, ts_headline(body, to_tsquery('fox | query'), 'StartSel=<<, StopSel=">>", MaxWords=8, MinWords=3') FROM docs ORDER BY id;
SELECT id, ts_headline('english', body, to_tsquery('english', 'search'), 'MaxFragments=2, MaxWords=6, MinWords=2, FragmentDelimiter=" ## "') FROM docs ORDER BY id;
SELECT ts_headline('english', 'The <b>most</b> common type of search is to find all documents containing given query terms and return them in order of their similarity to the query.', to_tsquery('english', 'query & similarity'), 'HighlightAll=true');
SELECT ts_headline('english', 'Foo <i>bar</i> http://example.com/page.html?x=1 high-tech', to_tsquery('english', 'bar & example.com | tech'));
SELECT ts_headline('english', repeat('lorem ipsum dolor sit amet ', 30) || 'needle ' || repeat('consectetur elit ', 40), to_tsquery('english', 'needle'));
SELECT ts_headline('english', repeat('lorem ipsum dolor sit amet ', 30) || 'needle ' || repeat('consectetur elit ', 40) || 'needle', to_tsquery('english', 'needle'), 'MaxFragments=3, MaxWords=10, MinWords=4, ShortWord=0');
SELECT ts_headline('english', '1 2 3 1 3', '1 <-> 3'), ts_headline('simple', '1 2 3 1 3', '1 & 3', 'MaxWords=2, MinWords=1'), ts_headline('', 'a'::tsquery), ts_headline('a b', ''::tsquery);
SELECT ts_headline('a', 'a'::tsquery, 'MaxWords=5, MinWords=9');
SELECT ts_headline('a', 'a'::tsquery, 'MinWords=0');
SELECT ts_headline('a', 'a'::tsquery, 'ShortWord=-1');
SELECT ts_headline('a', 'a'::tsquery, 'MaxFragments=-1');
SELECT ts_headline('a', 'a'::tsquery, 'Foo=1');
SELECT ts_headline('a', 'a'::tsquery, 'MaxWords=x');
SELECT ts_headline('a', 'a'::tsquery, 'MaxWords');
SELECT ts_headline('a', 'a'::tsquery, 'StartSel=''');
SELECT ts_headline('a', 'a'::tsquery, 'StartSel=''it''''s \ '', StopSel = "q""q", HIGHLIGHTALL=on, MinWords = 007');
