-- the default parser: every type of token, and what is near to one
SELECT * FROM ts_token_type('default');
SELECT count(*) FROM ts_token_type(3722);
SELECT * FROM ts_token_type('nothing');
SELECT * FROM ts_parse('default', 'The quick brown fox, jumped 12 times; été naïve Ünder x1 1x a_b');
SELECT * FROM ts_parse(3722, 'foo-bar foo-beta1 beta1-foo 123-foo foo-123bar é-è pre-été-9x a--b -x- 12-34 x-1');
SELECT * FROM ts_parse('default', '345 qwe@efd.r '' http://www.com/ http://aew.werc.ewr/?ad=qwe&dw 1aew.werc.ewr/?ad=qwe&dw 2aew.werc.ewr http://3aew.werc.ewr/?ad=qwe&dw http://4aew.werc.ewr http://5aew.werc.ewr:8100/?  ad=qwe&dw 6aew.werc.ewr:8100/?ad=qwe&dw 7aew.werc.ewr:8100/?ad=qwe&dw=%20%32');
SELECT * FROM ts_parse('default', '+4.0e-10 qwe qwe qwqwe 234.435 455 5.005 teodor@stack.net qwe-wer asdf <fr>qwer jf sdjk<we hjwer <werrwe> ewr1> ewri2 <a href="qwe<qwe>">');
SELECT * FROM ts_parse('default', '/usr/local/fff /awdf/dwqe/4325 rewt/ewr wefjn /wqe-324/ewr gist.h gist.h.c gist.c. readline 4.2 4.2. 4.2, readline-4.2 readline-4.2. 234 ~/x ../y ./z . .. a/b~');
SELECT * FROM ts_parse('default', '&amp; &#123; &#xAF; &nope &;  -5 +7 - 1.2.3 v1.2 1e5 1e 2.0E-3x 1.5.');
SELECT * FROM ts_parse('default', '<!-- a comment --> <!DOCTYPE html><br/> <script>var x = 1;</script>text<style>b {}</style> </b> <?xml version="1"?> < a <1');
SELECT * FROM ts_parse('default', 'ftp://host.example.org:21/path mailto:me@a.b.org me@host user.name@sub.example-site.co.uk www.x.y?z a.b c.d.e.');
SELECT * FROM ts_parse('default', E'tab\there\nline\\back "quoted" (paren) 100% $5 #tag a@b@c ''s');
SELECT * FROM ts_parse('default', '');
SELECT * FROM ts_parse('nothing', 'a');
SELECT tokid, token FROM ts_parse('default', '<a b="x\"y" c=''\'''>z');
