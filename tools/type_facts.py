#!/usr/bin/python3
"""type_facts.py - record what PostgreSQL answers for calls of built-in functions, casts and types.

Usage: tools/type_facts.py DSN [NAME...]

Reads tests/unit/data/NAME.facts (all when no name is given) and writes NAME.tsv beside it, which
test_type_facts replays against the kernels. Lines of a .facts file:

    # comment
    in TYPE[(typmod)] | 'literal' | 'literal' ...        input then output of a type
    fn NAME(TYPE,...) | arg, arg | arg, arg ...          a function of pg_proc by name and types
    op TYPE OP TYPE | arg, arg ...                       an operator
    agg NAME(TYPE) | value, value, ... | ...             an aggregate over some rows
    set NAME VALUE                                       a setting for what follows

Arguments are separated by " ~ " and are the text forms of the values; \\N is NULL.
Columns of the .tsv: kind, prosrc or type OID or aggregate OID, result type OID, argument type OIDs,
typmod, settings, expected SQLSTATE (00000 = fine), expected text or message, arguments.
"""
import os
import re
import sys

import psycopg2

DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'unit', 'data')


def esc(s):
    return s.replace('\\', '\\\\').replace('\t', '\\t').replace('\n', '\\n').replace('\r', '\\r')


class Recorder:
    def __init__(self, dsn):
        self.conn = psycopg2.connect(dsn)
        self.conn.autocommit = True
        self.cur = self.conn.cursor()
        self.settings = {}
        self.rows = []

    def one(self, sql, args=None):
        self.cur.execute(sql, args)
        return self.cur.fetchone()

    def type_oid(self, name):
        return self.one('select %s::regtype::oid', (name,))[0]

    def ask(self, sql):
        try:
            self.cur.execute(sql)
            row = self.cur.fetchone()
            return '00000', '\\N' if row[0] is None else esc(row[0])
        except psycopg2.Error as e:
            return e.pgcode, esc(e.diag.message_primary)

    def quote(self, value):
        if value == '\\N':
            return 'null'
        return "E'" + value.replace('\\', '\\\\').replace("'", "''") + "'"

    def emit(self, kind, ref, result, args, typmod, sql, values):
        state, text = self.ask(sql)
        settings = ','.join('%s=%s' % kv for kv in sorted(self.settings.items()))
        self.rows.append('\t'.join([kind, str(ref), str(result), ','.join(map(str, args)) or '-',
                                    str(typmod), settings or '-', state, text] +
                                   [v if v == '\\N' else esc(v) for v in values]))

    def function(self, name, types):
        oids = [self.type_oid(t) for t in types]
        vector = ' '.join(map(str, oids))
        row = self.one("""select oid, prosrc, prorettype, (select lanname from pg_language l where l.oid = prolang)
                          from pg_proc where proname = %s and proargtypes = %s::oidvector
                          and pronamespace = 'pg_catalog'::regnamespace""", (name, vector))
        if row is None:
            raise SystemExit('no function %s(%s)' % (name, ', '.join(types)))
        src = row[1] if row[3] != 'sql' else 'oid:%d' % row[0]
        return src, row[2], oids

    def call_values(self, kind, src, result, oids, types, name, cases):
        for case in cases:
            values = case.split(' ~ ') if types else []
            if len(values) != len(types):
                raise SystemExit('%s: %d values for %d types: %s' % (name, len(values), len(types), case))
            args = ', '.join('%s::%s' % (self.quote(v), t) for v, t in zip(values, types))
            self.emit(kind, src, result, oids, -1, 'select (pg_catalog.%s(%s))::text' %
                      (name if name.isidentifier() else '"%s"' % name, args), values)

    def line(self, line):
        head, *cases = re.split(r' \| ', line)
        verb, _, rest = head.partition(' ')
        rest = rest.strip()
        if verb == 'set':
            name, value = rest.split(' ', 1)
            self.cur.execute('select set_config(%s, %s, false)', (name, value))
            self.settings[name] = value.replace(',', ';')
        elif verb == 'in':
            base = rest
            oid = self.type_oid(base)
            typmod = -1
            if ('(' in rest and not rest.startswith('"')) or rest.startswith('interval '):
                self.cur.execute('drop table if exists pg_temp.t; create temp table t (a %s)' % rest)
                typmod = self.one("select atttypmod from pg_attribute where attrelid = 'pg_temp.t'::regclass and attnum = 1")[0]
            for case in cases:
                if typmod < 0:
                    sql = 'select (%s::%s)::text' % (self.quote(case), rest)
                    if rest in ('bpchar', '"char"'):
                        sql = 'select textin(%sout(%s::%s))' % (rest.strip('"'), self.quote(case), rest)
                else:
                    # assignment, not an explicit cast: what columns and input do
                    try:
                        self.cur.execute('truncate pg_temp.t')
                        self.cur.execute('insert into pg_temp.t values (%s)' % self.quote(case))
                        out = {1042: 'textin(bpcharout(a))'}.get(oid, 'a::text')
                        sql = 'select %s from pg_temp.t' % out
                    except psycopg2.Error:
                        sql = 'insert into pg_temp.t values (%s) returning a::text' % self.quote(case)
                self.emit('in', oid, oid, [], typmod, sql, [case])
        elif verb == 'fn':
            name, types = re.match(r'(\w+)\((.*)\)$', rest).groups()
            types = [t.strip() for t in types.split(',')] if types else []
            src, result, oids = self.function(name, types)
            self.call_values('fn', src, result, oids, types, name, cases)
        elif verb == 'cast':
            source, target = rest.split(' as ')
            row = self.one("""select p.prosrc, p.proname, p.prolang, p.oid, p.prorettype, p.pronargs from pg_cast c join pg_proc p on p.oid = c.castfunc
                              where castsource = %s::regtype and casttarget = %s::regtype""", (source, target))
            src = row[0] if row[2] != 14 else 'oid:%d' % row[3]
            for case in cases:
                self.emit('fn', src, row[4], [self.type_oid(source)], -1,
                          'select (%s::%s)::%s::text' % (self.quote(case), source, target), [case])
        elif verb == 'op':
            parts = rest.split(' ')
            left, op, right = (parts + [None])[:3] if len(parts) == 3 else (None, parts[0], parts[1])
            row = self.one("""select p.oid, p.prosrc, p.prorettype, p.prolang from pg_operator o join pg_proc p on p.oid = o.oprcode
                              where oprname = %s and oprleft = %s and oprright = %s::regtype""",
                           (op, self.type_oid(left) if left else 0, right))
            if row is None:
                raise SystemExit('no operator ' + rest)
            src = row[1] if row[3] != 14 else 'oid:%d' % row[0]
            types = [t for t in (left, right) if t]
            for case in cases:
                values = case.split(' ~ ')
                a = ['%s::%s' % (self.quote(v), t) for v, t in zip(values, types)]
                expr = '%s %s %s' % (a[0], op, a[1]) if left else '%s %s' % (op, a[0])
                self.emit('fn', src, row[2], [self.type_oid(t) for t in types], -1,
                          'select (%s)::text' % expr, values)
        elif verb == 'agg':
            name, types = re.match(r'(\w+)\((.*)\)$', rest).groups()
            types = [t.strip() for t in types.split(',')]
            src, result, oids = self.function(name, types)
            oid = self.one("""select oid from pg_proc where proname = %s and proargtypes = %s::oidvector""",
                           (name, ' '.join(map(str, oids))))[0]
            for case in cases:
                values = [] if case == 'none' else case.split(' ~ ')
                rows = ', '.join('(%s::%s)' % (self.quote(v), types[0]) for v in values)
                source = '(values %s) v(a)' % rows if values else '(select null::%s a where false) v' % types[0]
                extra = ''.join(', %s' % e for e in (["','"] if len(types) > 1 else []))
                self.emit('agg', oid, result, oids, -1,
                          'select (%s(a%s))::text from %s' % (name, extra, source), values)
        else:
            raise SystemExit('unknown line: ' + line)


def main():
    dsn, names = sys.argv[1], sys.argv[2:]
    names = names or sorted(f[:-6] for f in os.listdir(DIR) if f.endswith('.facts'))
    for name in names:
        rec = Recorder(dsn)
        with open(os.path.join(DIR, name + '.facts'), encoding='utf-8') as f:
            for line in f:
                line = line.rstrip('\n')
                if line and not line.startswith('#'):
                    rec.line(line)
        with open(os.path.join(DIR, name + '.tsv'), 'w', encoding='utf-8') as f:
            f.write('\n'.join(rec.rows) + '\n')
        print('%s: %d facts' % (name, len(rec.rows)))


if __name__ == '__main__':
    main()
