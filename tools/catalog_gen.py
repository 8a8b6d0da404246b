#!/usr/bin/env python3
"""catalog_gen.py - turn the built-in catalog rows (src/catalog/data/*.dat) into C tables.

Usage: tools/catalog_gen.py HEADER SOURCE FILE.dat...     (run by the build)

The rows of a file in a folder `own` are added to those of the file of the same relation, where there is one.

The header gets an enum of the columns of each catalog and, for each relation with built-in rows, a row
struct with one member a column; the source gets a constant array of it. All text is an offset into one string pool and all integer arrays an offset into one
integer pool, so the tables need no relocation and equal values are stored once. Index arrays give
the order of rows by a name or a pair of OIDs. The reader's side is src/catalog/catalog_rows.h.
"""
import os
import re
import sys

# Column type -> (kind of catalog_rows.h, C type, bytes). What is not here is text.
KINDS = {
    'boolean': ('CAT_COL_BOOL', 'uint8_t', 1),
    '"char"': ('CAT_COL_CHAR', 'uint8_t', 1),
    'smallint': ('CAT_COL_I16', 'int16_t', 2),
    'integer': ('CAT_COL_I32', 'int32_t', 4),
    'information_schema.cardinal_number': ('CAT_COL_I32', 'int32_t', 4),
    'bigint': ('CAT_COL_I64', 'int64_t', 8),
    'real': ('CAT_COL_F32', 'float', 4),
    **{t: ('CAT_COL_U32', 'uint32_t', 4) for t in ('oid', 'regproc', 'xid', 'regtype', 'regclass')},
    **{t: ('CAT_COL_VEC', 'CatVec', 4)
       for t in ('oidvector', 'int2vector', 'oid[]', 'smallint[]', '"char"[]')},
}
TEXT = ('CAT_COL_STR', 'CatStr', 4)

# Orders of rows wanted besides the order of the file.
INDEXES = {
    'pg_proc': [['proname']],
    'pg_type': [['typname']],
    'pg_class': [['relname']],
    'pg_operator': [['oprname']],
    'pg_cast': [['castsource', 'casttarget']],
    'pg_opclass': [['opcmethod', 'opcintype']],
    'pg_amop': [['amopfamily', 'amoplefttype', 'amoprighttype', 'amopstrategy'], ['amopopr']],
    'pg_amproc': [['amprocfamily', 'amproclefttype', 'amprocrighttype', 'amprocnum']],
    'pg_index': [['indrelid']],
    'pg_constraint': [['conrelid']],
    'pg_rewrite': [['ev_class']],
}
# Rows that a new database file gets as ordinary rows, because users alter or drop them.
BOOTSTRAP = {
    'pg_namespace': {'oid': {'2200'}},
    'pg_authid': {'oid': {'10'}},
    'pg_database': {'oid': {'1', '4', '5'}},
    'pg_shdescription': {'objoid': {'1', '4', '5'}},
}

ESCAPES = {'t': '\t', 'n': '\n', 'r': '\r', 'b': '\b', 'f': '\f', 'v': '\v', '\\': '\\'}


def unescape(field):
    if field == '\\N':
        return None
    return re.sub(r'\\(.)', lambda m: ESCAPES.get(m.group(1), m.group(1)), field)


class Pools:
    """The string pool and the integer pool. Offset 0 is NULL in both."""

    def __init__(self):
        self.strings, self.string_at, self.string_bytes = [], {}, 1
        self.ints, self.int_at = [0], {}

    def string(self, text):
        if text is None:
            return 0
        if text not in self.string_at:
            self.string_at[text] = self.string_bytes
            self.strings.append(text)
            self.string_bytes += len(text.encode()) + 1
        return self.string_at[text]

    def vector(self, text):
        if text is None:
            return 0
        numbers = tuple(ord(e) if not e.lstrip('-').isdigit() else int(e)
                        for e in re.split(r'[ ,]+', text.strip('{}')) if e)
        if numbers not in self.int_at:
            self.int_at[numbers] = len(self.ints)
            self.ints += [len(numbers), *numbers]
        return self.int_at[numbers]


class Relation:
    def __init__(self, path):
        with open(path, encoding='utf-8', newline='\n') as f:
            lines = f.read().split('\n')
        assert lines.pop() == '', f'{path}: no newline at the end'
        self.schema, self.name, key = re.match(r'# (\w+)\.(\w+) key=(\S+)$', lines[0]).groups()
        self.key = key.split(',')
        self.columns = [tuple(c.split(':', 1)) for c in lines[1].split('\t')]
        self.rows = [[unescape(f) for f in line.split('\t')] for line in lines[2:]]
        for number, row in enumerate(self.rows, 3):
            assert len(row) == len(self.columns), f'{path}:{number}: wrong number of columns'
        self.position = {name: i for i, (name, _) in enumerate(self.columns)}
        self.struct = ''.join(w.capitalize() for w in self.name.split('_')) + 'Row'
        if not self.name.startswith('pg_'):
            self.struct = 'Cat' + self.struct
        self.array = f'catalog_{self.name}'

    def add(self, own):
        """The rows of our own in a catalog, beside those of PostgreSQL."""
        assert own.columns == self.columns, f'{self.name}: other columns in the rows of our own'
        self.rows = sorted(self.rows + own.rows, key=self.sort_key(self.key))

    def kind(self, column):
        return KINDS.get(dict(self.columns)[column], TEXT)

    def is_bootstrap(self, row):
        wanted = BOOTSTRAP.get(self.name, {})
        return any(row[self.position[c]] in values for c, values in wanted.items())

    def sort_key(self, columns):
        def of(row):
            cells = [(row[self.position[c]], self.kind(c)[0]) for c in columns]
            return [v.encode() if k == 'CAT_COL_STR' else int(v) for v, k in cells]
        return of

    def cell(self, pools, column, text):
        kind = self.kind(column)[0]
        if kind == 'CAT_COL_STR':
            return pools.string(text)
        if kind == 'CAT_COL_VEC':
            return pools.vector(text)
        if text is None:
            assert kind == 'CAT_COL_I32', f'{self.name}.{column}: NULL in a fixed column'
            return 'INT32_MIN'
        if kind == 'CAT_COL_BOOL':
            return {'t': 1, 'f': 0}[text]
        if kind == 'CAT_COL_CHAR':
            return ord(text) if text else 0
        if kind == 'CAT_COL_F32':
            return f'{float(text)}F'
        if kind == 'CAT_COL_U32':
            return f'{int(text)}u'
        return int(text)

    def initializers(self, pools, rows):
        order = self.members()
        for row in rows:
            cells = (str(self.cell(pools, c, row[self.position[c]])) for c in order)
            yield '{' + ','.join(cells) + '},'

    def members(self):
        """The columns, widest first, so that the struct has no holes."""
        return sorted((c for c, _ in self.columns), key=lambda c: -self.kind(c)[2])


def c_string(text):
    out = text.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?')
    return re.sub(r'[\x00-\x1f\x7f]', lambda m: f'\\{ord(m.group(0)):03o}', out)


def member(column):
    return column + '_' if column in ('default', 'register') else column


def write_tables(relation, pools, h, c):
    rel, upper = relation, relation.name.upper()
    h.append(f'typedef struct {rel.struct} {{')
    h += [f'    {rel.kind(m)[1]} {member(m)};' for m in rel.members()]
    h.append(f'}} {rel.struct};')
    plain = [r for r in rel.rows if not rel.is_bootstrap(r)]
    boot = [r for r in rel.rows if rel.is_bootstrap(r)]
    h += [f'#define CATALOG_{upper}_COUNT {len(plain)}u',
          f'extern const {rel.struct} {rel.array}[{len(plain)}];']
    # An array of no rows is not C; its count says that there are none.
    c.append(f'const {rel.struct} {rel.array}[{max(len(plain), 1)}] = {{')
    c += list(rel.initializers(pools, plain)) + ['};']
    if not plain:
        h[-1] = h[-1].replace('[0]', '[1]')
        c[-1] = '{0}};'
    if boot:
        h.append(f'extern const {rel.struct} catalog_boot_{rel.name}[{len(boot)}];')
        c.append(f'const {rel.struct} catalog_boot_{rel.name}[{len(boot)}] = {{')
        c += list(rel.initializers(pools, boot)) + ['};']
    for columns in INDEXES.get(rel.name, []):
        key = rel.sort_key(columns)
        index = f'{rel.array}_by_{"_".join(columns)}'
        numbers = sorted(range(len(plain)), key=lambda i: (key(plain[i]), i))
        h.append(f'extern const uint16_t {index}[{len(plain)}];')
        c.append(f'const uint16_t {index}[{len(plain)}] = {{')
        c += [','.join(map(str, numbers[i:i + 40])) + ',' for i in range(0, len(numbers), 40)]
        c.append('};')
    c.append(f'static const CatRelColumn columns_of_{rel.name}[] = {{')
    c += [f'{{"{n}",offsetof({rel.struct},{member(n)}),{rel.kind(n)[0]}}},' for n, _ in rel.columns]
    c.append('};')
    return len(plain), len(boot)


def column_enums(relations):
    """For every catalog (with built-in rows or not) the 0-based positions of its columns."""
    by_name = {r.name: r for r in relations}
    classes, attributes = by_name['pg_class'], by_name['pg_attribute']
    of_rel = {}
    for row in attributes.rows:
        at = attributes.position
        if int(row[at['attnum']]) > 0:
            of_rel.setdefault(row[at['attrelid']], []).append((int(row[at['attnum']]), row[at['attname']]))
    for row in classes.rows:
        at = classes.position
        name = row[at['relname']]
        if row[at['relkind']] == 'r' and name.startswith('pg_'):
            columns = sorted(of_rel[row[at['oid']]])
            yield f'enum {{ /* {name} */'
            yield from (f'    {name.upper()}_{column.upper()} = {number - 1},' for number, column in columns)
            yield f'    {name.upper()}_COLUMN_COUNT = {len(columns)},\n}};'


def main():
    header_path, source_path, *paths = sys.argv[1:]
    own = [p for p in paths if os.path.basename(os.path.dirname(p)) == 'own']
    relations = sorted((Relation(p) for p in paths if p.endswith('.dat') and p not in own), key=lambda r: r.name)
    for path in own:
        rows = Relation(path)
        theirs = [r for r in relations if r.name == rows.name]
        if theirs:
            theirs[0].add(rows)
        else:
            relations.append(rows)
    relations.sort(key=lambda r: r.name)
    pools = Pools()
    oids = {}
    for rel in relations:
        if rel.name == 'pg_class':
            for row in rel.rows:
                oids[row[rel.position['relname']]] = row[rel.position['oid']]
    h = ['#ifndef DASSIE_CATALOG_DATA_H', '#define DASSIE_CATALOG_DATA_H',
         '/* Made by tools/catalog_gen.py from src/catalog/data; not to be edited. */',
         '#include "catalog/catalog_rows.h"']
    c = ['/* Made by tools/catalog_gen.py from src/catalog/data; not to be edited. */',
         '#include "catalog/catalog_data.h"', '']
    h += column_enums(relations)
    tables = []
    for rel in relations:
        plain, boot = write_tables(rel, pools, h, c)
        tables.append((int(oids.get(rel.name, '0')), rel, plain, boot))
    c.append(f'const CatRel catalog_rels[{len(tables)}] = {{')
    for oid, rel, plain, boot in sorted(tables, key=lambda t: t[0]):
        boot_rows = f'catalog_boot_{rel.name}' if boot else 'NULL'
        c.append(f'{{{oid}u,"{rel.name}",{rel.array},{boot_rows},columns_of_{rel.name},{plain}u,{boot}u,'
                 f'sizeof({rel.struct}),{len(rel.columns)}}},')
    c += ['};', f'const int32_t catalog_ints[{len(pools.ints)}] = {{']
    c += [','.join(map(str, pools.ints[i:i + 40])) + ',' for i in range(0, len(pools.ints), 40)]
    c += ['};', f'const char catalog_strings[{pools.string_bytes}] = "\\0"']
    # The last terminator is the literal's own.
    last = len(pools.strings) - 1
    c += [f'"{c_string(s)}{"" if i == last else chr(92) + "0"}"'.replace('\\0"', '\\000"')
          for i, s in enumerate(pools.strings)]
    c.append(';')
    h += [f'#define CATALOG_REL_COUNT {len(tables)}u',
          f'extern const CatRel catalog_rels[{len(tables)}]; /* by OID */', '#endif']
    for path, lines in ((header_path, h), (source_path, c)):
        with open(path, 'w', encoding='utf-8', newline='\n') as f:
            f.write('\n'.join(lines) + '\n')


main()
