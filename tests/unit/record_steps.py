#!/usr/bin/env python3
"""record_steps.py - write PostgreSQL's results into the lists of statements of unit tests

Usage: tests/unit/record_steps.py DSN [FILE ...]     DSN of an empty database of PostgreSQL 15 (tools/oracle.sh)

A list is a header of lines {"statement", "result"},. Its statements run in one transaction, each alone in a
savepoint, as steps_fixture.h runs them; "savepoint" and "rollback" enclose what is undone. The result is the rows
(columns by |, rows by ;), the number of rows changed, the command tag, or ! and the SQLSTATE. Every file starts from
an empty database.
"""

import glob
import json
import os
import sys

import psycopg2
import psycopg2.extensions

FIRST = "/* Made by record_steps.py, which asks PostgreSQL for the results. */\n/* clang-format off */\n"


def result(cursor, sql):
    """The result of one statement in the form of the lists."""
    cursor.execute("savepoint step")
    try:
        cursor.execute(sql)
    except psycopg2.Error as error:
        cursor.execute("rollback to step")
        return "!" + error.pgcode
    if cursor.description:
        return ";".join("|".join("" if value is None else value for value in row) for row in cursor.fetchall())
    tag = cursor.statusmessage
    return tag.split()[-1] if tag.split()[0] in ("INSERT", "UPDATE", "DELETE") else tag


def record(dsn, path):
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("/*")]
    steps = [json.loads("[" + line.removeprefix("{").removesuffix("},") + "]") for line in lines]
    connection = psycopg2.connect(dsn)
    cursor = connection.cursor()
    cursor.execute("select oid from pg_type")
    as_text = psycopg2.extensions.new_type(tuple(row[0] for row in cursor.fetchall()), "TEXT", lambda value, _: value)
    psycopg2.extensions.register_type(as_text, connection)
    lines = []
    for sql, _ in steps:
        if sql in ("savepoint", "rollback"):
            cursor.execute("savepoint own" if sql == "savepoint" else "rollback to own")
            want = ""
        else:
            want = result(cursor, sql)
        lines.append("{%s, %s},\n" % (json.dumps(sql, ensure_ascii=False), json.dumps(want, ensure_ascii=False)))
    connection.rollback()
    connection.close()
    with open(path, "w", encoding="utf-8") as file:
        file.write(FIRST + "".join(lines))


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for path in sys.argv[2:] or sorted(glob.glob(folder + "/*_steps.h")):
        record(sys.argv[1], path)


if __name__ == "__main__":
    main()
