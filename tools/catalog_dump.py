#!/usr/bin/env python3
"""catalog_dump.py - take the built-in catalog rows from a real PostgreSQL 15.

Usage: tools/catalog_dump.py           rewrite src/catalog/data/*.dat
       tools/catalog_dump.py --check   compare them with a fresh oracle, exit 1 on a difference

Every pg_catalog and information_schema table that has rows right after initdb becomes one file:

    # schema.relation key=column,column
    column:type <tab> column:type ...
    value <tab> value ...              in the escapes of COPY (\\N is NULL), ordered by the key

What differs from the bare tables, so that the files are stable and say what dassie needs:
  - no TOAST tables; page counts, frozen xids and the like are neutral values;
  - expression trees (pg_node_tree) are SQL text, as pg_get_expr prints them;
  - the text of the views is in view.dat, and pg_rewrite's _RETURN rules have an empty action;
  - only the collations that any installation has, and those of the ICU library; settings.dat is pg_settings without the columns
    that depend on the machine.
The cluster is made with an empty list of operating-system locales: the OIDs initdb hands out later
depend on it.
"""
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

BIN = '/usr/lib/postgresql/15/bin'
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src', 'catalog', 'data')
COLLATIONS = "collname in ('default', 'C', 'POSIX', 'ucs_basic') or collprovider = 'i'"
KEPT_CLASS = ("(select c.oid from pg_catalog.pg_class c where c.relnamespace in "
              "('pg_catalog'::regnamespace, 'information_schema'::regnamespace))")

# Not taken: statistics of the run of initdb itself.
SKIPPED = {'pg_statistic', 'pg_statistic_ext_data'}
# Rows taken, where not all.
WHERE = {
    'pg_class': f'oid in {KEPT_CLASS}',
    'pg_attribute': f'attrelid in {KEPT_CLASS}',
    'pg_index': f'indrelid in {KEPT_CLASS}',
    'pg_collation': COLLATIONS,
    # Comments on what is not taken are not taken either.
    'pg_description': "not (classoid = 'pg_collation'::regclass and objoid not in "
                      f"(select oid from pg_collation where {COLLATIONS}))",
}
# Columns computed, where not taken as they are.
COLUMN = {
    'pg_class.reltoastrelid': '0::oid',
    'pg_class.relpages': '0::int4',
    'pg_class.reltuples': '(-1)::float4',
    'pg_class.relallvisible': '0::int4',
    'pg_class.relfrozenxid': "(case when relfrozenxid = '0' then '0' else '3' end)::xid",
    'pg_class.relminmxid': "(case when relminmxid = '0' then '0' else '1' end)::xid",
    'pg_database.datfrozenxid': "'3'::xid",
    'pg_database.datminmxid': "'1'::xid",
    'pg_database.datcollversion': 'null::text',
    'pg_proc.proargdefaults': 'pg_get_expr(proargdefaults, 0)',
    'pg_proc.prosqlbody': 'pg_get_function_sqlbody(oid)',
    'pg_rewrite.ev_qual': "'<>'::text",
    'pg_rewrite.ev_action': "case when rulename = '_RETURN' then '' else pg_get_ruledef(oid) end",
    'pg_constraint.conbin': 'pg_get_expr(conbin, conrelid)',
    'pg_type.typdefaultbin': 'pg_get_expr(typdefaultbin, 0)',
    'pg_authid.rolpassword': 'null::text',
}
SETTING_COLUMNS = ('name setting unit category short_desc extra_desc context vartype source min_val '
                   'max_val enumvals boot_val reset_val flags').split()
# Settings whose value belongs to the private cluster: shown by their built-in value.
LOCAL_SETTINGS = "'unix_socket_directories', 'listen_addresses', 'port', 'config_file', " \
    "'data_directory', 'hba_file', 'ident_file', 'external_pid_file', 'TimeZone', 'log_timezone'"

# Lists behind functions: their columns, the first of which is the key, and the query.
LISTS = {
    'keywords': ('word,catcode,barelabel,catdesc,baredesc',
                 'select * from pg_get_keywords() order by word collate "C"'),
    'timezone_names': ('name', 'select name from pg_timezone_names order by name collate "C"'),
}

# What extensions make, taken in a database for each.
EXTENSIONS = ('btree_gin', 'btree_gist', 'citext', 'hstore', 'pg_stat_statements', 'pg_trgm', 'pgcrypto',
              'unaccent', 'uuid-ossp')
# The catalogs that have rows of extensions, and the column that says whose object a row is. Views are
# in a list of their own; those and their row types are left out.
EXTENSION_CATALOGS = {
    'pg_type': 'oid', 'pg_proc': 'oid', 'pg_operator': 'oid', 'pg_opfamily': 'oid', 'pg_opclass': 'oid',
    'pg_amop': 'oid', 'pg_amproc': 'oid', 'pg_cast': 'oid', 'pg_ts_template': 'oid', 'pg_ts_dict': 'oid',
    'pg_aggregate': 'aggfnoid', 'pg_depend': 'objid'}
NO_VIEWS = {
    'pg_type': 'typrelid = 0 and (typelem = 0 or not exists (select from pg_type e where '
               'e.oid = t.typelem and e.typrelid <> 0))',
    'pg_depend': "classid not in ('pg_class'::regclass, 'pg_rewrite'::regclass, 'pg_extension'::regclass) "
                 "and refclassid <> 'pg_class'::regclass and not (classid = 'pg_type'::regclass and exists "
                 "(select from pg_type e left join pg_type r on r.oid = e.typelem where e.oid = t.objid and "
                 "(e.typrelid <> 0 or r.typrelid <> 0)))"}
EXTENSION_LISTS = {
    'extension_views': (
        'pg_stat_statements', 'extension,relname,relacl,definition',
        'select e.extname, relname, relacl, pg_get_viewdef(c.oid) from pg_class c join pg_depend d '
        "on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e' "
        "join pg_extension e on e.oid = d.refobjid where relkind = 'v' order by c.oid"),
    # What unaccent's default rules make of each character that they change.
    'unaccent': (
        'unaccent', 'letter,plain',
        'select chr(c), unaccent(chr(c)) from generate_series(1, 917999) c where '
        'c not between 55296 and 57343 and unaccent(chr(c)) <> chr(c) order by c'),
}
FIRST_USER_OID = 16384


class Oracle:
    """A private cluster in a temporary directory, owned by the user postgres when we are root."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix='dassie-catalog-')
        self.as_server = []
        if os.getuid() == 0:
            shutil.chown(self.dir, 'postgres')
            self.as_server = ['runuser', '-u', 'postgres', '--']
        os.chmod(self.dir, 0o755)
        # initdb imports collations from what `locale -a` prints.
        fake = os.path.join(self.dir, 'bin')
        os.mkdir(fake, 0o755)
        with open(os.path.join(fake, 'locale'), 'w', encoding='ascii') as f:
            f.write('#!/bin/sh\nexit 0\n')
        os.chmod(os.path.join(fake, 'locale'), 0o755)
        self.env = {'PATH': f'{fake}:{BIN}:/usr/bin:/bin', 'LC_ALL': 'C', 'TZ': 'UTC'}
        data = os.path.join(self.dir, 'data')
        self.run('initdb', '-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C',
                 '--auth=trust', '--no-sync')
        self.run('pg_ctl', '-D', data, '-w', '-l', os.path.join(self.dir, 'log'), '-o',
                 f'-k {self.dir} -c listen_addresses= -c fsync=off', 'start')
        return self

    def __exit__(self, *exc):
        self.run('pg_ctl', '-D', os.path.join(self.dir, 'data'), '-m', 'immediate', '-w', 'stop')
        shutil.rmtree(self.dir)

    def run(self, *args, stdin=None):
        done = subprocess.run([*self.as_server, 'env', '-i',
                               *(f'{k}={v}' for k, v in self.env.items()), *args], input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd='/', check=False)
        if done.returncode != 0:
            sys.exit(f'{args[0]}: {done.stdout.decode()}{done.stderr.decode()}')
        return done.stdout.decode()

    def copy(self, query, database='postgres'):
        """The query's rows as COPY text lines."""
        return self.psql(f'copy ({query}) to stdout', database)

    def psql(self, text, database='postgres'):
        return self.run('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', self.dir, '-U', 'postgres',
                        '-d', database, stdin=text.encode())

    def rows(self, query):
        return [line.split('\t') for line in self.copy(query).splitlines()]


def dump_relation(oracle, schema, relation, columns, key):
    """The text of one .dat file; '' when the table has no rows."""
    def select(name, kind):
        by_hand = COLUMN.get(f'{relation}.{name}')
        if by_hand:
            return f'{by_hand} as {name}'
        # Names of functions and types are for people; the files hold OIDs.
        return f'{name}::oid' if kind in ('regproc', 'regtype', 'regclass') else f'"{name}"'

    def order(name):
        kind = dict(columns)[name]
        return f'"{name}" collate "C"' if kind in ('name', 'text', 'character varying') else f'"{name}"'

    body = oracle.copy(f'select {", ".join(select(*c) for c in columns)} from {schema}.{relation} t '
                       f'where {WHERE.get(relation, "true")} order by {", ".join(map(order, key))}')
    if not body:
        return ''
    header = '\t'.join(f'{name}:{kind}' for name, kind in columns)
    return f'# {schema}.{relation} key={",".join(key)}\n{header}\n{body}'


def dump_all(oracle):
    """All files: a dictionary from file name to text."""
    files = {}
    relations = oracle.rows(
        "select c.oid, n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = "
        "c.relnamespace where c.relkind = 'r' and n.nspname in ('pg_catalog', 'information_schema') "
        'order by 3')
    for oid, schema, relation in relations:
        if relation in SKIPPED:
            continue
        columns = [tuple(r) for r in oracle.rows(
            'select attname, format_type(atttypid, null) from pg_attribute where attnum > 0 '
            f'and attrelid = {oid} order by attnum')]
        key = [r[0] for r in oracle.rows(
            'select a.attname from pg_index i, unnest(i.indkey) with ordinality k (n, at), '
            'pg_attribute a where i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.n '
            f'and i.indrelid = {oid} order by k.at')]
        text = dump_relation(oracle, schema, relation, columns, key or [c[0] for c in columns])
        if text:
            files[f'{relation}.dat'] = text
    views = oracle.copy(
        'select c.oid, n.nspname, c.relname, pg_get_viewdef(c.oid) from pg_class c join pg_namespace '
        f"n on n.oid = c.relnamespace where c.relkind = 'v' and c.oid in {KEPT_CLASS} order by 1")
    files['view.dat'] = ('# dassie.view key=oid\noid:oid\tnspname:name\trelname:name\t'
                         f'definition:text\n{views}')
    local = f'name in ({LOCAL_SETTINGS})'
    special = {'setting': f'case when {local} then boot_val else reset_val end as setting',
               'reset_val': f'case when {local} then boot_val else reset_val end as reset_val',
               'source': "'default' as source", 'enumvals': 'enumvals::text',
               'flags': 'pg_settings_get_flags(name)::text as flags'}
    settings = oracle.copy(
        f"select {', '.join(special.get(c, c) for c in SETTING_COLUMNS)} from pg_settings "
        "where name not in ('shared_memory_size', 'shared_memory_size_in_huge_pages', "
        "'server_version', 'server_version_num') order by name collate \"C\"")
    header = '\t'.join(f'{c}:text' for c in SETTING_COLUMNS)
    files['settings.dat'] = f'# dassie.settings key=name\n{header}\n{settings}'
    for name, (columns, query) in LISTS.items():
        header = '\t'.join(f'{c}:text' for c in columns.split(','))
        files[f'{name}.dat'] = (f'# dassie.{name} key={columns.split(",")[0]}\n{header}\n'
                                f'{oracle.copy(query)}')
    rows = ''
    for extension in EXTENSIONS:
        oracle.psql(f'create database "{extension}"')
        oracle.psql(f'create extension "{extension}"', extension)
        rows += dump_extension(oracle, extension)
    files['extension_rows.dat'] = ('# dassie.extension_rows key=extension\n'
                                   f'extension:text\tcatalog:text\tobject:integer\tvalues:text\n{rows}')
    for name, (database, columns, query) in EXTENSION_LISTS.items():
        header = '\t'.join(f'{c}:text' for c in columns.split(','))
        files[f'{name}.dat'] = (f'# dassie.{name} key={columns.split(",")[0]}\n{header}\n'
                                f'{oracle.copy(query, database)}')
    return files


def dump_extension(oracle, extension):
    """The rows of one extension, each {catalog, OID, its values as an array}, in the order in which
    they were made. OIDs of the extension's own are counted anew from FIRST_USER_OID, which is the
    extension itself, so that they say the same in every run."""
    rows = []
    for catalog, key in EXTENSION_CATALOGS.items():
        columns = oracle.rows("select attname, format_type(atttypid, null) from pg_attribute where attnum > 0 "
                              f"and attrelid = '{catalog}'::regclass order by attnum")
        values = []
        for name, kind in columns:
            text = COLUMN.get(f'{catalog}.{name}', f'{name}::oid' if kind == 'regproc' else name)
            values.append(f'({text})::text')
        lines = oracle.psql(f"copy (select {key}::oid, {', '.join(values)} from {catalog} t where "
                            f"{key} >= {FIRST_USER_OID} and {NO_VIEWS.get(catalog, 'true')} order by 1, "
                            f"{', '.join(f't.{n}' for n, k in columns if k in ('oid', 'integer'))}) to stdout", extension)
        for line in lines.splitlines():
            oid, *cells = line.split('\t')
            rows.append((catalog, int(oid), columns, cells))
    numbers = sorted({r[1] for r in rows} | {int(o) for (o,) in (
        line.split() for line in oracle.copy(
            f"select oid from pg_extension where extname = '{extension}'", extension).splitlines())})
    local = {str(oid): str(FIRST_USER_OID + i) for i, oid in enumerate(numbers)}
    last = list(EXTENSION_CATALOGS)
    rows.sort(key=lambda r: (last.index(r[0]) >= len(last) - 2, r[1]))
    out = ''
    for catalog, oid, columns, cells in rows:
        for i, (_, kind) in enumerate(columns):
            if kind in ('oid', 'regproc', 'oidvector', 'oid[]'):
                cells[i] = re.sub(r'\d+', lambda m: local[m.group()] if int(m.group()) >= FIRST_USER_OID
                                  else m.group(), cells[i])
        # What COPY has escaped is plain again in the array's text, and that is escaped for COPY.
        plain = (None if c == '\\N' else re.sub(r'\\(.)', lambda m: {'n': '\n', 't': '\t', 'r': '\r'}.get(
            m.group(1), m.group(1)), c) for c in cells)
        array = ','.join('NULL' if c is None else '"' + re.sub(r'(["\\])', r'\\\1', c) + '"'
                         if c == '' or c.upper() == 'NULL' or re.search(r'[\s,{}"\\]', c) else c for c in plain)
        text = '{' + array + '}'
        for one, two in (('\\', '\\\\'), ('\n', '\\n'), ('\t', '\\t'), ('\r', '\\r')):
            text = text.replace(one, two)
        out += f'{extension}\t{catalog}\t{local[str(oid)]}\t{text}\n'
    return out


def main():
    check = sys.argv[1:] == ['--check']
    if sys.argv[1:] and not check:
        sys.exit('usage: catalog_dump.py [--check]')
    with Oracle() as oracle:
        files = dump_all(oracle)
    if not check:
        os.makedirs(DATA, exist_ok=True)
        for old in os.listdir(DATA):
            if old.endswith('.dat') and old not in files:
                os.remove(os.path.join(DATA, old))
        for name, text in files.items():
            with open(os.path.join(DATA, name), 'w', encoding='utf-8', newline='\n') as f:
                f.write(text)
        print(f'{len(files)} files, {sum(map(len, files.values()))} bytes')
        return
    wrong = sorted(set(files) ^ {f for f in os.listdir(DATA) if f.endswith('.dat')})
    for name in wrong:
        print(f'{name}: on one side only')
    for name in sorted(files):
        path = os.path.join(DATA, name)
        if not os.path.exists(path):
            continue
        with open(path, encoding='utf-8', newline='\n') as f:
            ours = f.read()
        if ours != files[name]:
            wrong.append(name)
            sys.stdout.writelines(list(difflib.unified_diff(
                ours.splitlines(True), files[name].splitlines(True), f'data/{name}', 'oracle', n=0))[:20])
    if wrong:
        sys.exit(f'catalog_dump.py: {len(wrong)} files differ from the oracle')
    print(f'{len(files)} files agree with the oracle')


main()
