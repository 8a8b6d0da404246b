#!/usr/bin/env python3
"""compat.py - write docs/COMPAT.md from what tests/suites gave on dassie and on PostgreSQL 15

Usage: tests/suites/compat.py [--store SERVER] [--check]

Reads results/dassie and results/postgresql; --store first takes the results of finished parts from build/suites. --check
only says whether docs/COMPAT.md is what would be written.
"""

import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from results import load, results_path, stored, write_store  # noqa: E402
from suites import SUITES  # noqa: E402

OUTPUT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "COMPAT.md")
GROUPS_MOST = 12

HEAD = """# The clients' own suites

Written by `tests/suites/compat.py` from `tests/suites/results`; not edited by hand. Each line is a client's own test suite,
unmodified, run on dassie and on PostgreSQL 15 by `tests/suites/run.sh`. A test counts as passed here only if it passed here;
*of PostgreSQL's* is the share of the tests which PostgreSQL passes. *Not passed here* are tests which PostgreSQL passes and
which failed, were left out by the client's own checks of the server, or were not reached here. SQLAlchemy's plugin creates the
extensions hstore and citext before its first test; where the server lacks one it is told to leave it out.

| suite | client | PostgreSQL 15 passed | dassie passed | of PostgreSQL's | not passed here |
|---|---|---:|---:|---:|---:|
"""

TAIL = """
What PostgreSQL itself does not pass on this machine (no TLS certificates, Kerberos, black or network beside the tests; SQLite's
URLs in Flask-SQLAlchemy's) is in `tests/suites/results/postgresql`, with the reasons. psycopg 3's releases come without their
tests: it is driven by SQLAlchemy's suite (sqlalchemy-2-psycopg), Django's (django-5.2) and `tests/clients`.

## What fails here, by reason
"""


def group_of(name):
    """group_of - the class or module of a test, without its parameters"""
    name = re.sub(r"\[.*", "", name)
    return name.rsplit("::", 1)[0] if "::" in name else name.rsplit(".", 1)[0]


def missing(suite):
    """missing - {name: reason} of PostgreSQL's passes that are not passes here, as far as both were run"""
    here, there = stored("dassie", suite), stored("postgresql", suite)
    found = {name: reason for name, reason in here["failed"].items() if name not in there["failed"] and name not in there["skipped"]}
    for name in here["skipped"]:
        if name not in there["failed"] and name not in there["skipped"]:
            found[name] = "left out by the client's own check of the server"
    return found


def reason_class(reason):
    """reason_class - a reason without what differs from test to test"""
    reason = reason[:6] + re.sub(r"/tmp/\S+|\b\d{4,}\b|__asyncpg_\w+", "…", reason[6:])
    return reason.replace("|", "\\|")[:110]


def report():
    lines = [HEAD]
    details = []
    for suite, about in SUITES.items():
        here, there = stored("dassie", suite), stored("postgresql", suite)
        if not there["parts"]:
            continue
        if not here["parts"]:
            lines.append(f"| {suite} | {about['client']} | {there['passed']:,} | not run | | |\n")
            continue
        lost = missing(suite)
        unreached = max(there["passed"] - here["passed"] - len(lost), 0)
        share = 100 * min(here["passed"], there["passed"]) / there["passed"]
        shown = "100 %" if not lost and not unreached else f"{min(share, 99.9):.1f} %"
        lines.append(
            f"| {suite} | {about['client']} | {there['passed']:,} | {here['passed']:,} | {shown} | {len(lost) + unreached:,} |\n"
        )
        if lost or unreached:
            details += [f"\n### {suite}\n\n", *groups(lost)]
            if unreached:
                details.append(f"- {unreached:,} not reached\n")
    return "".join(lines) + TAIL + "".join(details)


def groups(lost):
    by_reason = collections.defaultdict(list)
    for name, reason in lost.items():
        by_reason[reason_class(reason)].append(name)
    ordered = sorted(by_reason.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    for reason, names in ordered[:GROUPS_MOST]:
        places = collections.Counter(group_of(name) for name in names).most_common(2)
        where = ", ".join(f"`{place.split('::')[-1].split('/')[-1]}`" for place, _ in places)
        yield f"- {len(names)}: {reason} ({where}{', …' if len(set(map(group_of, names))) > 2 else ''})\n"
    rest = sum(len(names) for _, names in ordered[GROUPS_MOST:])
    if rest:
        yield f"- {rest}: {len(ordered) - GROUPS_MOST} other reasons\n"


def store(server):
    for suite in SUITES:
        path = results_path(server, suite)
        parts = path[: -len("jsonl")] + "parts"
        if os.path.exists(parts):
            with open(parts, encoding="utf-8") as file:
                write_store(server, suite, load(path), file.read().split())


def main():
    if "--store" in sys.argv:
        store(sys.argv[sys.argv.index("--store") + 1])
    text = report()
    if "--check" in sys.argv:
        with open(OUTPUT, encoding="utf-8") as file:
            return 0 if file.read() == text else 1
    with open(OUTPUT, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


sys.exit(main())
