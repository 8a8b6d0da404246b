"""Random statements on dassie and on PostgreSQL 15; the answers must be the same.

Usage: sql_diff.py --dassie DSN --oracle DSN [--seeds A-B] [--statements N] [--show]

A seed makes a schema, its rows and a list of statements. Rows are compared as multisets (in order where the
statement orders by everything), errors by SQLSTATE. What dassie refuses with 0A000 is counted apart. The
last line is "N passed, N failed", one per seed.
"""

import argparse
import collections
import decimal
import random
import re
import sys

import psycopg2

TYPES = ["int", "bigint", "numeric", "text", "bool", "date"]


class Table:
    def __init__(self, name, columns):
        self.name = name
        self.columns = columns  # [(name, type)]


class Generator:
    """Statements of one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.tables = []
        self.alias = 0

    def pick(self, *items):
        return self.random.choice(items)

    def chance(self, p):
        return self.random.random() < p

    # ---- schema and rows ----
    def schema(self):
        for number in range(self.random.randint(2, 4)):
            columns = [("id", "int")]
            columns += [(f"c{i}", self.pick(*TYPES)) for i in range(self.random.randint(2, 5))]
            table = Table(f"t{number}", columns)
            self.tables.append(table)
            body = ", ".join(f"{n} {t}" + (" PRIMARY KEY" if n == "id" and number % 3 != 2 else "") for n, t in columns)
            yield f"CREATE TABLE {table.name} ({body})"
            for index, (name, _) in enumerate(columns[1:]):
                if self.chance(0.3):
                    yield f"CREATE INDEX ON {table.name} ({name}{', id' if index % 2 else ''})"
            count = self.pick(0, 3, 20, 60, 300)
            rows = []
            for key in range(count):
                values = [str(key)] + [self.literal(t, 0.15) for _, t in columns[1:]]
                rows.append(f"({', '.join(values)})")
            if rows:
                yield f"INSERT INTO {table.name} VALUES {', '.join(rows)}"
            if self.chance(0.3):
                yield f"ANALYZE {table.name}"

    def literal(self, kind, null=0.05):
        r = self.random
        if self.chance(null):
            return f"NULL::{kind}"
        if kind == "int":
            return str(self.pick(r.randint(-5, 20), r.randint(-100, 100), r.randint(-2**31 + 1, 2**31 - 1) if self.chance(0.1) else 7))
        if kind == "bigint":
            return f"{self.pick(r.randint(-5, 20), r.randint(-10**12, 10**12))}::bigint"
        if kind == "numeric":
            # One scale, so that equal values have one text.
            return f"{self.pick(r.randint(-5, 20), r.randint(-999, 999) / 100, r.randint(-5, 5) / 2):.2f}::numeric"
        if kind == "text":
            return "'" + self.pick("", "a", "b", "ab", "abc", "Abc", "b%", "x_y", "hello world", "zz") + "'::text"
        if kind == "bool":
            return self.pick("true", "false")
        return f"date '2024-01-{r.randint(1, 28):02d}'"

    # ---- expressions: scope is a list of (column text, type) ----
    def column(self, scope, kind):
        names = [text for text, t in scope if t == kind]
        return self.pick(*names) if names else self.literal(kind)

    def expression(self, scope, kind, depth=2):
        if depth <= 0 or self.chance(0.3):
            return self.column(scope, kind) if self.chance(0.75) else self.literal(kind)
        if self.chance(0.12):
            return (f"CASE WHEN {self.condition(scope, depth - 1)} THEN {self.expression(scope, kind, depth - 1)} "
                    f"ELSE {self.expression(scope, kind, depth - 1)} END")
        if self.chance(0.1):
            return f"coalesce({self.expression(scope, kind, depth - 1)}, {self.expression(scope, kind, depth - 1)})"
        if self.chance(0.05):
            return f"nullif({self.expression(scope, kind, depth - 1)}, {self.expression(scope, kind, depth - 1)})"
        if self.chance(0.05):
            name = self.pick("greatest", "least")
            return f"{name}({self.expression(scope, kind, depth - 1)}, {self.expression(scope, kind, depth - 1)})"
        if self.chance(0.06):
            return self.scalar_subquery(scope, kind, depth - 1)
        sub = lambda k: self.expression(scope, k, depth - 1)
        if kind in ("int", "bigint"):
            return self.pick(f"({sub(kind)} + {sub(kind)})", f"({sub(kind)} - {sub('int')})::{kind}",
                             f"({sub(kind)} * {self.random.randint(-3, 3)})", f"({sub(kind)} % {self.pick(2, 3, 7)})",
                             f"(- {sub(kind)})", f"abs({sub(kind)})", f"length({sub('text')})::{kind}",
                             f"({sub(kind)} / {self.pick(2, 3, -4)})")
        if kind == "numeric":
            return self.pick(f"({sub('numeric')} + {sub('int')})", f"({sub('numeric')} * {sub('numeric')})",
                             f"round({sub('numeric')}, {self.pick(0, 1, 2, -1)})", f"trunc({sub('numeric')})",
                             f"({sub('bigint')} / 4.0)", f"floor({sub('numeric')})", f"ceil({sub('numeric')})",
                             f"mod({sub('numeric')}, 3)", f"sign({sub('numeric')})")
        if kind == "text":
            return self.pick(f"({sub('text')} || {sub('text')})", f"upper({sub('text')})", f"lower({sub('text')})",
                             f"substr({sub('text')}, {self.pick(-1, 0, 1, 2)}, {self.pick(0, 1, 3)})",
                             f"replace({sub('text')}, 'b', {sub('text')})", f"trim({sub('text')})",
                             f"{sub(self.pick('int', 'bool', 'date', 'numeric'))}::text", f"left({sub('text')}, 2)",
                             f"repeat({sub('text')}, 2)", f"reverse({sub('text')})")
        if kind == "date":
            return self.pick(f"({sub('date')} + {self.random.randint(-40, 40)})", f"({sub('date')} - 7)")
        return self.condition(scope, depth)

    def condition(self, scope, depth=2):
        if depth <= 0:
            kind = self.pick(*TYPES)
            return f"({self.column(scope, kind)} {self.pick('=', '<>', '<', '<=', '>', '>=')} {self.literal(kind)})"
        kind = self.pick("int", "int", "bigint", "numeric", "text", "date")
        a = self.expression(scope, kind, depth - 1)
        b = self.expression(scope, kind, depth - 1)
        return self.pick(
            f"({a} {self.pick('=', '<>', '<', '<=', '>', '>=')} {b})",
            f"({a} = {b})",
            f"({self.condition(scope, depth - 1)} AND {self.condition(scope, depth - 1)})",
            f"({self.condition(scope, depth - 1)} OR {self.condition(scope, depth - 1)})",
            f"(NOT {self.condition(scope, depth - 1)})",
            f"({a} IS {self.pick('', 'NOT ')}NULL)",
            f"({a} IS {self.pick('', 'NOT ')}DISTINCT FROM {b})",
            f"({a} {self.pick('', 'NOT ')}BETWEEN {b} AND {self.expression(scope, kind, depth - 1)})",
            f"({a} {self.pick('', 'NOT ')}IN ({b}, {self.literal(kind)}, {self.literal(kind, 0.2)}))",
            f"({self.expression(scope, 'text', depth - 1)} {self.pick('', 'NOT ')}LIKE '{self.pick('a%', '%b%', '_', '%', 'x_y')}')",
            f"({self.expression(scope, 'bool', depth - 1)} IS {self.pick('', 'NOT ')}{self.pick('TRUE', 'FALSE', 'UNKNOWN')})",
            f"(({a}, {self.expression(scope, 'int', 1)}) {self.pick('=', '<>', '<', '>=')} ({b}, {self.expression(scope, 'int', 1)}))",
            self.quantified(scope, kind, a, depth - 1),
            self.exists(scope, depth - 1), self.in_subquery(scope, kind, a, depth - 1))

    def quantified(self, scope, kind, value, depth):
        source, inner = self.relation(depth=0)
        link = self.link(scope, inner) if self.chance(0.3) else ""
        return (f"({value} {self.pick('=', '<>', '<', '>=')} {self.pick('ANY', 'ALL')} (SELECT {self.expression(inner, kind, 1)} "
                f"FROM {source} WHERE {self.condition(inner, depth)}{link}))")

    # ---- subqueries ----
    def relation(self, outer=(), depth=1):
        """FROM item: (text, scope)."""
        self.alias += 1
        alias = f"a{self.alias}"
        if depth > 0 and self.chance(0.2):
            text, columns = self.select(outer=(), depth=depth - 1, width=self.random.randint(1, 3))
            return f"({text}) AS {alias}", [(f"{alias}.{name}", kind) for name, kind in columns]
        table = self.pick(*self.tables)
        return f"{table.name} AS {alias}", [(f"{alias}.{name}", kind) for name, kind in table.columns]

    def exists(self, scope, depth):
        source, inner = self.relation(depth=0)
        where = self.condition(inner + list(scope), depth)
        link = self.link(scope, inner)
        return f"({self.pick('', 'NOT ')}EXISTS (SELECT 1 FROM {source} WHERE {where}{link}))"

    def link(self, scope, inner):
        """A correlation, most of the time."""
        kind = self.pick("int", "int", "text", "bigint")
        if not self.chance(0.8):
            return ""
        return f" AND {self.column(inner, kind)} = {self.column(scope, kind)}"

    def in_subquery(self, scope, kind, value, depth):
        source, inner = self.relation(depth=0)
        link = self.link(scope, inner) if self.chance(0.3) else ""
        return (f"({value} {self.pick('', 'NOT ')}IN (SELECT {self.expression(inner, kind, 1)} FROM {source} "
                f"WHERE {self.condition(inner, depth)}{link}))")

    def scalar_subquery(self, scope, kind, depth):
        source, inner = self.relation(depth=0)
        link = self.link(scope, inner)
        where = f"{self.condition(inner, depth)}{link}"
        if kind == "bool":
            return f"(SELECT bool_or({self.condition(inner, 1)}) FROM {source} WHERE {where})"
        return f"(SELECT {self.pick('min', 'max')}({self.expression(inner, kind, 1)}) FROM {source} WHERE {where})"

    # ---- SELECT ----
    def from_clause(self, depth):
        text, scope = self.relation(depth=depth)
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            if self.chance(0.12):
                text, scope = self.lateral(text, scope)
                continue
            other, more = self.relation(depth=depth)
            join = self.pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "CROSS JOIN")
            if join == "CROSS JOIN" and self.chance(0.7):
                join = "JOIN"
            if join == "CROSS JOIN":
                text = f"{text} CROSS JOIN (SELECT * FROM {other} LIMIT 0) AS e{self.alias}" if self.chance(0.1) else f"{text} JOIN {other} ON true"
            else:
                kind = self.pick("int", "int", "bigint", "text", "date")
                on = f"{self.column(scope, kind)} = {self.column(more, kind)}"
                if self.chance(0.3):
                    on += f" AND {self.condition(scope + more, 1)}"
                text = f"{text} {join} {other} ON {on}"
            scope = scope + more
        return text, scope

    def lateral(self, text, scope):
        """Join a subquery that sees what stands left of it."""
        source, inner = self.relation(depth=0)
        kinds = [self.pick(*TYPES) for _ in range(self.random.randint(1, 2))]
        self.alias += 1
        alias = f"l{self.alias}"
        items = ", ".join(f"{self.expression(inner + scope, kind, 1)} AS x{i}" for i, kind in enumerate(kinds))
        where = f"{self.condition(inner, 1)}{self.link(scope, inner)}"
        if self.chance(0.4):
            items = ", ".join(f"{self.pick('min', 'max')}({self.expression(inner, kind, 1)}) AS x{i}"
                              if kind != "bool" else f"bool_and({self.condition(inner, 1)}) AS x{i}" for i, kind in enumerate(kinds))
        join = self.pick("CROSS JOIN LATERAL ({}) AS {}", "LEFT JOIN LATERAL ({}) AS {} ON true")
        text += " " + join.format(f"SELECT {items} FROM {source} WHERE {where}", alias)
        return text, scope + [(f"{alias}.x{i}", kind) for i, kind in enumerate(kinds)]

    def select(self, outer=(), depth=1, width=None):
        """(text, [(name, type)])"""
        source, scope = self.from_clause(depth)
        where = f" WHERE {self.condition(scope + list(outer), 2)}" if self.chance(0.7) else ""
        width = width or self.random.randint(1, 4)
        kinds = [self.pick(*TYPES) for _ in range(width)]
        if self.chance(0.3):
            return self.grouped(source, scope, where, kinds)
        if self.chance(0.2):
            return self.windowed(source, scope, where, kinds)
        distinct = "DISTINCT " if self.chance(0.15) else ""
        items = [f"{self.expression(scope, kind)} AS x{i}" for i, kind in enumerate(kinds)]
        text = f"SELECT {distinct}{', '.join(items)} FROM {source}{where}"
        return text, [(f"x{i}", kind) for i, kind in enumerate(kinds)]

    def grouped(self, source, scope, where, kinds):
        kinds_of_keys = [kind for kind in TYPES if kind != "numeric"]  # their text would be that of any equal value
        keys = [self.expression(scope, self.pick(*kinds_of_keys), 1) for _ in range(self.pick(0, 1, 1, 2))]
        keys = [key for key in keys if "a" in key and "SELECT" not in key]
        items, columns = [], []
        for i, key in enumerate(keys):
            items.append(f"({key})::text AS x{i}")
            columns.append((f"x{i}", "text"))
        for i, kind in enumerate(kinds, len(keys)):
            if kind == "bigint":
                text = self.pick("count(*)", f"count({self.expression(scope, 'text', 1)})",
                                 f"sum({self.expression(scope, 'int', 1)})", f"count(DISTINCT {self.expression(scope, 'int', 1)})")
            elif kind == "bool":
                text = f"{self.pick('bool_and', 'bool_or')}({self.condition(scope, 1)})"
            elif kind == "numeric":
                text = f"{self.pick('sum', 'avg', 'min', 'max')}({self.expression(scope, 'numeric', 1)})"
            else:
                text = f"{self.pick('min', 'max')}({self.expression(scope, kind, 1)})"
            if self.chance(0.15) and not text.startswith("count(DISTINCT"):
                text += f" FILTER (WHERE {self.condition(scope, 1)})"
            items.append(f"{text} AS x{i}")
            columns.append((f"x{i}", kind))
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        if keys and all(re.search(r"a\d+\.", key) for key in keys) and len(set(keys)) == len(keys) and self.chance(0.25):
            ways = [f"{self.pick('ROLLUP', 'CUBE')} ({', '.join(keys)})", f"GROUPING SETS (({', '.join(keys)}), {keys[0]}, ())"]
            group = f" GROUP BY {self.pick(*ways)}"
        having = f" HAVING count(*) > {self.pick(0, 1, 2)}" if self.chance(0.3) else ""
        return f"SELECT {', '.join(items)} FROM {source}{where}{group}{having}", columns

    def window(self, scope, kind):
        """A window function of the type. Rows that tie must be alike for what their order decides."""
        way = self.pick("", " DESC", " NULLS FIRST", " DESC NULLS LAST")
        key = self.column(scope, self.pick("int", "bigint", "numeric", "text", "date"))
        total = ", ".join(f"{text}{way}" for text, _ in self.random.sample(scope, len(scope)))
        part = f"PARTITION BY {self.expression(scope, self.pick('int', 'text', 'bool'), 1)} " if self.chance(0.6) else ""
        exclude = self.pick("", "", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS")
        near = self.pick("UNBOUNDED PRECEDING", f"{self.pick(0, 1, 3)} PRECEDING", "CURRENT ROW", f"{self.pick(0, 1, 2)} FOLLOWING")
        bounds = [near, self.pick("UNBOUNDED FOLLOWING", f"{self.pick(0, 1, 4)} FOLLOWING")]
        if "FOLLOWING" not in near and self.chance(0.4):
            bounds[1] = "CURRENT ROW" if near == "CURRENT ROW" or self.chance(0.5) else f"{self.pick(0, 1)} PRECEDING"
        if "PRECEDING" in bounds[1] and near == "CURRENT ROW":
            bounds[1] = "CURRENT ROW"
        between = f"BETWEEN {bounds[0]} AND {bounds[1]}{exclude}"
        if self.chance(0.4):  # every row has its place
            over = f"OVER ({part}ORDER BY {total} {self.pick('', f'ROWS {between}')})"
            function = self.pick("lag", "lead", "first_value", "last_value", "nth_value", "aggregate")
        else:  # only peers have one
            range_key = self.column(scope, self.pick("int", "bigint", "numeric"))
            over = self.pick(f"OVER ({part}ORDER BY {key}{way})", f"OVER ({part})", f"OVER ({part}ORDER BY {key}{way} GROUPS {between})",
                             f"OVER ({part}ORDER BY {range_key}{way} RANGE {between})")
            function = "aggregate" if kind != "bigint" or self.chance(0.4) else "rank"
        if function == "rank":
            return f"{self.pick('rank', 'dense_rank')}() {over}"
        if function in ("lag", "lead"):
            more = self.pick("", f", {self.pick(0, 1, 2, -1)}", f", {self.pick(1, 3)}, {self.literal(kind)}")
            return f"{function}({self.expression(scope, kind, 1)}{more}) {over}"
        if function != "aggregate":
            return f"{function}({self.expression(scope, kind, 1)}{', 2' if function == 'nth_value' else ''}) {over}"
        if kind == "bigint":
            text = self.pick("count(*)", f"sum({self.expression(scope, 'int', 1)})", f"count({self.expression(scope, 'text', 1)})")
        elif kind == "bool":
            text = f"{self.pick('bool_and', 'bool_or')}({self.condition(scope, 1)})"
        elif kind == "numeric":
            text = f"{self.pick('sum', 'avg', 'min', 'max')}({self.expression(scope, self.pick('numeric', 'bigint'), 1)}::numeric)"
        else:
            text = f"{self.pick('min', 'max')}({self.expression(scope, kind, 1)})"
        if self.chance(0.15):
            text += f" FILTER (WHERE {self.condition(scope, 1)})"
        return f"{text} {over}"

    def windowed(self, source, scope, where, kinds):
        items = [f"{self.window(scope, kind) if self.chance(0.7) else self.expression(scope, kind, 1)} AS x{i}" for i, kind in enumerate(kinds)]
        return f"SELECT {', '.join(items)} FROM {source}{where}", [(f"x{i}", kind) for i, kind in enumerate(kinds)]

    def query(self):
        """A whole query; True when its order is total."""
        if self.chance(0.2):
            kinds = [self.pick(*TYPES) for _ in range(self.random.randint(1, 3))]
            parts = []
            for _ in range(self.pick(2, 2, 3)):
                source, scope = self.from_clause(1)
                items = [f"{self.expression(scope, kind)} AS x{i}" for i, kind in enumerate(kinds)]
                parts.append(f"(SELECT {', '.join(items)} FROM {source} WHERE {self.condition(scope, 1)})")
            text = parts[0]
            for part in parts[1:]:
                text += f" {self.pick('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'EXCEPT ALL', 'INTERSECT ALL')} {part}"
            columns = list(range(len(kinds)))
        else:
            text, columns = self.select(depth=2)
        if self.chance(0.15):
            text = f"WITH w AS ({text}) SELECT * FROM w" + (" WHERE x0 IS NOT NULL" if self.chance(0.5) else "")
        if self.chance(0.4):
            order = [f"{i + 1}{self.pick('', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST')}" for i in range(len(columns))]
            text += f" ORDER BY {', '.join(order)}"
            if self.chance(0.4):
                text += f" LIMIT {self.pick(0, 1, 5, 20)}"
                if self.chance(0.5):
                    text += f" OFFSET {self.pick(0, 1, 3)}"
            return text, True
        return text, False

    def change(self):
        """INSERT, UPDATE or DELETE with RETURNING."""
        table = self.pick(*self.tables)
        scope = [(f"{table.name}.{name}", kind) for name, kind in table.columns]
        where = f" WHERE {self.condition(scope, 2)}"
        verb = self.pick("INSERT", "INSERT", "UPDATE", "UPDATE", "UPDATE", "DELETE")
        if verb == "DELETE" and self.chance(0.3):
            source, inner = self.relation(depth=0)
            return (f"DELETE FROM {table.name} USING {source} WHERE {self.condition(scope + inner, 1)} "
                    f"AND {self.column(inner, 'int')} = {table.name}.id RETURNING {table.name}.*")
        if verb == "DELETE":
            return f"DELETE FROM {table.name}{where} AND {table.name}.id % 3 = {self.pick(0, 1, 2)} RETURNING *"
        if verb == "UPDATE":
            chosen = self.random.sample(table.columns[1:], self.random.randint(1, len(table.columns) - 1))
            sets = ", ".join(f"{n} = {self.expression(scope, t)}" for n, t in chosen)
            if self.chance(0.2):
                sets += f", id = {table.name}.id + {self.pick(0, 1000)}"
            if self.chance(0.25):
                # The joined row must be one, or which of several counts is free: its table has a key.
                keyed = [t for i, t in enumerate(self.tables) if i % 3 != 2]
                other = self.pick(*keyed)
                inner = [(f"o.{name}", kind) for name, kind in other.columns]
                name, kind = chosen[0]
                return (f"UPDATE {table.name} SET {name} = {self.expression(scope + inner, kind, 1)} FROM {other.name} AS o "
                        f"WHERE o.id = {self.column(scope, 'int')} AND {self.condition(scope + inner, 1)} RETURNING {table.name}.*")
            return f"UPDATE {table.name} SET {sets}{where} RETURNING *"
        if self.chance(0.4) and self.tables.index(table) % 3 != 2:
            return self.upsert(table, scope)
        source, inner = self.from_clause(1)
        items = [self.expression(inner, t) for _, t in table.columns[1:]]
        order = ", ".join(str(i + 2) for i in range(len(items)))
        return (f"INSERT INTO {table.name} SELECT {self.random.randint(300, 100000)}, {', '.join(items)} FROM {source} "
                f"WHERE {self.condition(inner, 1)} ORDER BY {order} LIMIT 1 RETURNING id")

    def upsert(self, table, scope):
        rows = []
        for key in self.random.sample(range(400), self.random.randint(1, 6)):
            rows.append(f"({key}, {', '.join(self.literal(t, 0.1) for _, t in table.columns[1:])})")
        text = f"INSERT INTO {table.name} VALUES {', '.join(rows)} ON CONFLICT "
        if self.chance(0.3):
            return f"{text}{self.pick('', '(id) ')}DO NOTHING RETURNING *"
        both = scope + [(f"excluded.{name}", kind) for name, kind in table.columns]
        name, kind = self.pick(*table.columns[1:])
        text += f"(id) DO UPDATE SET {name} = {self.expression(both, kind, 1)}"
        if self.chance(0.4):
            text += f" WHERE {self.condition(both, 1)}"
        return f"{text} RETURNING *"

    def statements(self, count):
        for _ in range(count):
            if self.chance(0.15):
                yield self.change(), False
            else:
                yield self.query()
        for table in self.tables:
            yield f"SELECT * FROM {table.name}", False


def run(conn, statement):
    """('rows', list) or ('error', sqlstate, message)"""
    with conn.cursor() as cursor:
        try:
            cursor.execute(statement)
            return ("rows", cursor.fetchall() if cursor.description else cursor.rowcount)
        except psycopg2.Error as error:
            return ("error", error.pgcode, str(error).strip())


def data_error(result):
    """Errors that depend on which rows are computed, and in which order: nothing says they must be raised."""
    return result[0] == "error" and result[1][:2] in ("22", "21")


def canonical(row):
    return repr([value.normalize() if isinstance(value, decimal.Decimal) else value for value in row])


def same(mine, theirs, ordered, limited=False):
    if data_error(mine) or data_error(theirs):
        return True
    if mine[0] != theirs[0]:
        return False
    if mine[0] == "error":
        return mine[1] == theirs[1]
    if not isinstance(mine[1], list):
        return mine[1] == theirs[1]
    if ordered and mine[1] != theirs[1]:
        return False
    # Equal values may have several texts (1.0 and 1.00): any of them may stand for its group, or be kept.
    return limited or sorted(map(canonical, mine[1])) == sorted(map(canonical, theirs[1]))


def connect(dsn):
    conn = psycopg2.connect(dsn)
    conn.autocommit = True
    with conn.cursor() as cursor:
        cursor.execute("SET statement_timeout = '10s'")
        cursor.execute("DROP SCHEMA IF EXISTS fuzz CASCADE")
        cursor.execute("CREATE SCHEMA fuzz")
        cursor.execute("SET search_path = fuzz")
    return conn


def run_seed(seed, arguments, refused, errors):
    """Number of differences of one seed."""
    generator = Generator(seed)
    mine, theirs = connect(arguments.dassie), connect(arguments.oracle)
    differences = 0
    try:
        work = [(statement, False) for statement in generator.schema()]
        for statement, ordered in work + list(generator.statements(arguments.statements)):
            expected = run(theirs, statement)
            if expected[0] == "error" and expected[1] == "57014":
                continue
            if expected[0] == "error":
                errors[expected[1]] += 1
            got = run(mine, statement)
            if data_error(got) != data_error(expected) and statement.startswith(("INSERT", "UPDATE", "DELETE")):
                return differences
            if got[0] == "error" and got[1] == "0A000":
                refused[got[2].splitlines()[0]] += 1
                if statement.startswith(("INSERT", "UPDATE", "DELETE")):
                    return differences  # the tables differ from here on
            elif not same(got, expected, ordered, " LIMIT " in statement):
                differences += 1
                # Rows may come in another order, so which of two errors is met first may differ too.
                print(f"seed {seed}: {statement}\n  dassie     {str(got)[:600]}\n  PostgreSQL {str(expected)[:600]}")
                if statement.startswith(("INSERT", "UPDATE", "DELETE")):
                    return differences
    except psycopg2.Error as error:
        differences += 1
        print(f"seed {seed}: connection lost: {error}")
    finally:
        mine.close()
        theirs.close()
    return differences


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dassie", required=True)
    parser.add_argument("--oracle", required=True)
    parser.add_argument("--seeds", default="1-20")
    parser.add_argument("--statements", type=int, default=60)
    parser.add_argument("--show", action="store_true", help="print the statements of the seeds, run nothing")
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("-")
    passed = failed = 0
    refused, errors = collections.Counter(), collections.Counter()
    for seed in range(int(first), int(last or first) + 1):
        if arguments.show:
            generator = Generator(seed)
            print(";\n".join(generator.schema()) + ";")
            print(";\n".join(text for text, _ in generator.statements(arguments.statements)) + ";")
        elif run_seed(seed, arguments, refused, errors):
            failed += 1
        else:
            passed += 1
    for message, count in refused.most_common(20):
        print(f"refused {count:6} {message}")
    print("errors both may raise:", dict(errors.most_common()))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
