-- regexp_instr, positions behind the end, SQL regular expressions that mark a part, case in C collation
SELECT regexp_instr('healthy, wealthy, and wise', '(\w+)(thy)'), regexp_instr('healthy, wealthy, and wise', '(\w+)(thy)', 1, 2), regexp_instr('healthy, wealthy, and wise', '(\w+)(thy)', 1, 2, 1), regexp_instr('healthy, wealthy, and wise', '(\w+)(thy)', 1, 2, 0, 'i', 2), regexp_instr('héllo wörld', 'wör', 2);
SELECT regexp_instr('abc', 'x'), regexp_instr('abc', ''), regexp_instr('abc', '', 4), regexp_instr('abc', '', 100), regexp_instr('abc', '(x)?b', 1, 1, 0, '', 1), regexp_instr('abc', 'B', 1, 1, 0, 'i');
SELECT regexp_instr('abc', 'b', 0);
SELECT regexp_instr('abc', 'b', 1, 0);
SELECT regexp_instr('abc', 'b', 1, 1, 2);
SELECT regexp_instr('abc', 'b', 1, 1, 0, 'g');
SELECT regexp_instr('abc', 'b', 1, 1, 0, '', -1);
SELECT regexp_replace('abc', '', 'x', 4), regexp_replace('abc', '', 'x', 5), regexp_count('abc', '', 4), regexp_count('abc', '', 9), regexp_substr('abc', '', 9);
SELECT regexp_replace('abc', 'b', 'x', -3, 1, '?');
SELECT regexp_substr('abc', 'b', 1, 1, 'i', -1);
SELECT substring('foobar' SIMILAR '%#"o_b#"%' ESCAPE '#'), substring('foobar' SIMILAR '#"o_b#"%' ESCAPE '#'), substring('foobar' FROM '%#"o_b#"%' FOR '#'), substring('abcdefg', 'a#"%#"g', '#');
SELECT substring('abcdefg' SIMILAR '#"(b_d|x)#"%' ESCAPE '#') IS NULL, substring('abcdefg' SIMILAR '%#"b%d#"%' ESCAPE '#'), substring('abc' SIMILAR 'a#"b' ESCAPE '#') IS NULL;
SELECT substring('abcdefg' SIMILAR 'a#"%#"%#"g' ESCAPE '#');
SELECT similar_escape('a_b%', NULL), similar_escape('a_b\%', '\');
SELECT 'ÉTÉ' ~* 'été', 'aÉ' ~* '[É-Ö]', 'Aé' ~* '^a[xéY]', 'y' ~* '[éY]', 'AÉB' ~* 'aÉ+b', 'q' ~* '[^éQ]', 'ZÜ' ~* '[a-zü]Ü';
