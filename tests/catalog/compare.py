#!/usr/bin/env python3
"""compare.py - every relation and function of the system schemas, compared with PostgreSQL 15

Usage: compare.py record DIR          take expected/*.txt from the PostgreSQL whose socket is in DIR
       compare.py check DIR [--list]  compare the dassie whose socket is in DIR with them; --list
                                      writes missing.txt anew (it may only get shorter)

relations.txt: what `SELECT * FROM relation` describes: names and types with modifiers, in order.
functions.txt: a call of every plain function whose arguments SQL can write, with NULLs, and what it
describes. A call describes the same or the same SQLSTATE comes; and it runs, or 0A000 names it.

missing.txt names what is not so yet: `relation NAME` does not run, `function CALL` is 0A000 when it
runs. What is wrong in any other way, and what is not in the file, fails; so does a line of the file
that is no longer true.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RELATIONS = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v') AND n.nspname IN ('pg_catalog', 'information_schema') ORDER BY 1"""
# Types no SQL expression has, and rows of any kind.
NOT_WRITTEN = "'{internal,anyrange,anymultirange,anyenum,anynonarray,anycompatiblerange,anycompatiblemultirange," \
    "anycompatiblenonarray,trigger,event_trigger,fdw_handler,index_am_handler,table_am_handler,tsm_handler," \
    "pg_ddl_command,language_handler}'::regtype[]"
FUNCTIONS = f"""
SELECT format('%I.%I(%s)', n.nspname, p.proname, (
    SELECT string_agg(CASE t.typname WHEN 'any' THEN 'NULL::integer' WHEN 'anyelement' THEN 'NULL::integer'
        WHEN 'anyarray' THEN 'NULL::integer[]' WHEN 'anycompatible' THEN 'NULL::integer'
        WHEN 'anycompatiblearray' THEN 'NULL::integer[]' WHEN 'record' THEN 'ROW(1)'
        ELSE 'NULL::' || format_type(t.oid, NULL) END, ', ' ORDER BY k.at)
    FROM unnest(p.proargtypes) WITH ORDINALITY k (type, at) JOIN pg_type t ON t.oid = k.type))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND p.prokind = 'f'
  AND NOT p.proargtypes::regtype[] && {NOT_WRITTEN} AND NOT p.prorettype::regtype = ANY ({NOT_WRITTEN})
ORDER BY n.nspname, p.proname, p.oid"""


def psql(socket, script):
    done = subprocess.run(['psql', '-X', '-At', '-h', socket, '-U', 'postgres', '-d', 'postgres', '-v',
                           'VERBOSITY=verbose'], input=script.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode()


def ask(socket, statements):
    """What psql prints for each statement, as a list of lists of lines."""
    text = psql(socket, ''.join(f'\\echo =={i}\n{s}\n' for i, s in enumerate(statements)))
    out = [part.split('\n')[1:] for part in ('\n' + text).split('\n==')[1:]]
    out = [[line for line in part if re.match(r'ERROR|[^:]*\|', line)] for part in out]
    if len(out) != len(statements):
        sys.exit(f'{len(out)} answers to {len(statements)} statements:\n{text[-2000:]}')
    return out


def sqlstate(lines):
    found = next((l for l in lines if l.startswith('ERROR:')), None)
    return found.split(':')[1].strip() if found else None


def describe(socket, names, form):
    """{name: what it describes, or the SQLSTATE}"""
    out = {}
    for name, lines in zip(names, ask(socket, [form.format(name) + ' \\gdesc' for name in names])):
        out[name] = sqlstate(lines) or ', '.join(lines)
    return out


def path(name):
    return os.path.join(HERE, name)


def read(name):
    with open(path(name), encoding='utf-8') as f:
        return [line.rstrip('\n') for line in f]


def write(name, lines):
    with open(path(name), 'w', encoding='utf-8') as f:
        f.writelines(line + '\n' for line in lines)


def record(socket):
    relations = psql(socket, RELATIONS + ';').split()
    functions = psql(socket, FUNCTIONS + ';').rstrip('\n').split('\n')
    for name, form, names in (('relations', 'SELECT * FROM {}', relations), ('functions', 'SELECT {}', functions)):
        write(f'expected/{name}.txt', [f'{k} => {v}' for k, v in describe(socket, names, form).items()])


def check(socket, rewrite):
    relations = dict(line.split(' => ') for line in read('expected/relations.txt'))
    functions = dict(line.split(' => ') for line in read('expected/functions.txt'))
    known = {line for line in read('missing.txt') if line}
    failures, missing = [], set()
    for kind, expected, form in (('relation', relations, 'SELECT * FROM {}'), ('function', functions, 'SELECT {}')):
        for name, ours in describe(socket, expected, form).items():
            if ours != expected[name]:
                if ours == '0A000' and expected[name] in ('0A000', 'XX000'):
                    continue
                if ours == '0A000' and len(expected[name]) != 5:
                    missing.add(f'{kind} {name}')
                else:
                    failures.append(f'{kind} {name}\n    is {ours}\n    and {expected[name]} on PostgreSQL')
    runs = [(f'relation {n}', f'SELECT count(*) FROM {n};') for n in relations]
    runs += [(f'function {n}', f'SELECT {n} WHERE false;') for n, v in functions.items() if len(v) != 5]
    for (what, _), lines in zip(runs, ask(socket, [statement for _, statement in runs])):
        error = next((l for l in lines if l.startswith('ERROR:')), None)
        if error and sqlstate(lines) != '0A000':
            failures.append(f'{what}: {error}')
        elif error:
            missing.add(what)
    if rewrite:
        write('missing.txt', sorted(missing))
        known = missing
    failures += [f'{m} is not there and not in missing.txt' for m in sorted(missing - known)]
    failures += [f'{m} is there: missing.txt is to be written anew (run.sh --list)' for m in sorted(known - missing)]
    for failure in failures:
        print(failure)
    for kind, all_of in (('relation', relations), ('function', functions)):
        gone = sum(m.startswith(kind) for m in missing)
        print(f'{kind}s: {len(all_of) - gone} of {len(all_of)} run, {gone} say 0A000')
    total = len(relations) + len(functions)
    print(f'{total - min(total, len(failures))} passed, {len(failures)} failed')
    return 1 if failures else 0


def main():
    if sys.argv[1:2] == ['record']:
        record(sys.argv[2])
        return 0
    return check(sys.argv[2], '--list' in sys.argv[3:])


sys.exit(main())
