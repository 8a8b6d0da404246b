"""Driver of the suites: takes their sources, runs their parts on a server, keeps and compares what they gave.

Usage: main.py --list | --all | --fetch SUITE | [--complete] [--again | --failed] --server NAME [--seconds N] SUITE[/PART]
       main.py --summary --server NAME SUITE ...
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "suites")
sys.path.insert(0, HERE)

from results import load, results_path, stored, write_store  # noqa: E402
from suites import SHORT, SUITES  # noqa: E402

STALL_SECONDS = 100
TIME_IS_UP = 77


def split(name):
    suite, _, part = name.partition("/")
    if suite not in SUITES or (part and part not in SUITES[suite]["parts"]):
        sys.exit(f"there is no suite {name}")
    return suite, part


def python_of(suite):
    return "/usr/bin/python3" if SUITES[suite]["python"] == "debian" else os.path.join(BUILD, "venv", "bin", "python")


def quietly(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(command)}:\n{done.stdout[-2000:]}")
    return done.stdout


def fetch(suite):
    """fetch - the virtual environment and the suite's tests are there, below build/suites"""
    about = SUITES[suite]
    os.makedirs(BUILD, exist_ok=True)
    folder = os.path.join(BUILD, "src", suite)
    if about["sdist"] is None or os.path.exists(folder):
        return
    venv = fetch_venv()
    name, version = about["sdist"].split("==")
    sources = os.path.join(BUILD, "sdist")
    os.makedirs(sources, exist_ok=True)
    archive = find_sdist(sources, name, version)
    if archive is None:
        pip = [os.path.join(venv, "bin", "pip"), "download", "-q", "--no-deps", "--no-binary", name, "-d", sources]
        quietly([*pip, about["sdist"]])
        archive = find_sdist(sources, name, version)
    lay_out(suite, about, archive, folder)


def fetch_venv():
    """fetch_venv - the virtual environment with the releases of requirements.txt"""
    venv = os.path.join(BUILD, "venv")
    requirements = os.path.join(HERE, "requirements.txt")
    have = os.path.join(venv, "requirements.txt")
    with open(requirements, encoding="utf-8") as file:
        wanted = file.read()
    if os.path.exists(have):
        with open(have, encoding="utf-8") as file:
            if file.read() == wanted:
                return venv
    if not os.path.exists(venv):
        quietly(["/usr/bin/python3", "-m", "venv", venv])
    quietly([os.path.join(venv, "bin", "pip"), "install", "-q", "-r", requirements])
    shutil.copy(requirements, have)
    return venv


def find_sdist(sources, name, version):
    for file in os.listdir(sources):
        if file.lower().replace("_", "-") == f"{name}-{version}.tar.gz":
            return os.path.join(sources, file)
    return None


def lay_out(suite, about, archive, folder):
    """lay_out - a folder with the tests alone, so that the client tested is the one installed"""
    making = folder + ".new"
    shutil.rmtree(making, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(making, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(making)
    inner = os.path.join(making, os.listdir(making)[0])
    for name in ("src", "alembic", "asyncpg", "django", "lib"):
        shutil.rmtree(os.path.join(inner, name), ignore_errors=True)
    module = {"sqlalchemy": "sqlalchemy", "alembic": "alembic"}.get(about["kind"])
    if module:
        # Their conftest.py loads the library's test plugin from beside the tests.
        where = quietly([python_of(suite), "-c", f"import os, {module}; print(os.path.dirname({module}.__file__))"]).strip()
        link = os.path.join(inner, "lib", "sqlalchemy") if module == "sqlalchemy" else os.path.join(inner, module)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(where, link)
    os.rename(inner, folder)
    shutil.rmtree(making)


class Place:
    """Place - where the server under test is"""

    def __init__(self):
        self.dsn = urllib.parse.urlsplit(os.environ["TEST_DSN"])
        query = dict(urllib.parse.parse_qsl(self.dsn.query))
        self.host = query.get("host") or self.dsn.hostname or "127.0.0.1"
        self.port = query.get("port") or str(self.dsn.port or 5432)
        self.user = self.dsn.username or "postgres"
        self.tcp = urllib.parse.urlsplit(os.environ["TEST_TCP_DSN"])
        self.password = self.tcp.password or ""

    def url(self, driver):
        """The server's URL for SQLAlchemy: drivers in Python alone go by TCP."""
        if driver in ("asyncpg", "pg8000"):
            return f"postgresql+{driver}://{self.user}:{self.password}@{self.tcp.hostname}:{self.tcp.port}/postgres"
        return f"postgresql+{driver}://{self.user}:{self.password}@/postgres?host={self.host}&port={self.port}"

    def psql(self, *commands):
        arguments = [word for command in commands for word in ("-c", command)]
        environment = dict(os.environ, PGPASSWORD=self.password)
        psql = ["psql", "-X", "-q", "-h", self.host, "-p", self.port, "-U", self.user, "-d", "postgres"]
        done = subprocess.run([*psql, *arguments], env=environment, capture_output=True, check=False)
        return done.returncode == 0


def prepare(kind, place):
    """prepare - what the suites want to find, as their own instructions say"""
    if kind in ("sqlalchemy", "alembic"):
        for command in ("CREATE SCHEMA test_schema", "CREATE SCHEMA test_schema_2"):
            place.psql(command)
        # SQLAlchemy's plugin makes these at its start, and ends there when it cannot: it is told which to leave out.
        wanted = ("hstore", "citext")
        missing = [name for name in wanted if not place.psql(f"CREATE EXTENSION IF NOT EXISTS {name}")]
        os.environ["SUITES_WITHOUT"] = " ".join(missing)
    elif kind == "pytest":
        place.psql("CREATE EXTENSION IF NOT EXISTS hstore")


def command_of(suite, items, place, environment):
    """command_of - the command that runs these parts, and its environment"""
    about = SUITES[suite]
    python = python_of(suite)
    kind = about["kind"]
    plugins = os.path.join(HERE, "plugins")
    environment["PYTHONPATH"] = plugins
    if kind == "django":
        environment.update(PGHOST=place.host, PGPORT=place.port, PGUSER=place.user, SUITES_LABELS=" ".join(items))
        if place.password:
            environment["PGPASSWORD"] = place.password
        return [python, "-W", "ignore", "tests/runtests.py", "--settings=suites_django_settings", "--parallel=1", "--noinput", *items]
    command = [python, "-m", "pytest", "-q", "--tb=line", "--no-header", "--continue-on-collection-errors", "-p", "record_pytest", "-p", "no:cacheprovider"]
    if kind in ("sqlalchemy", "alembic"):
        command += ["-o", "addopts=", f"--dburi={place.url(about['driver'])}"]
        environment["PYTHONPATH"] += os.pathsep + "."
    elif kind == "flask":
        environment["SUITES_URL"] = place.url(about["driver"])
        command += ["-p", "flask_on_server"]
    elif suite == "psycopg2":
        environment.update(PSYCOPG2_TESTDB="postgres", PSYCOPG2_TESTDB_HOST=place.host, PSYCOPG2_TESTDB_PORT=place.port)
        environment.update(PSYCOPG2_TESTDB_USER=place.user)
    else:
        environment.update(PGHOST=place.tcp.hostname, PGPORT=str(place.tcp.port), PGUSER=place.user, PGDATABASE="postgres")
        environment.update(PGPASSWORD=place.password)
        environment["PYTHONPATH"] += os.pathsep + "."
        if suite == "pg8000":
            command.append("--benchmark-disable")
    return [*command, *items]


def run_items(suite, part, items, place, server, until):
    """run_items - run these to their end, or to the time given; returns the exit code, 0 for finished"""
    record = results_path(server, suite)
    environment = dict(os.environ, SUITES_RECORD=record, SUITES_UNTIL=str(until))
    folder = os.path.join(BUILD, "src", suite) if SUITES[suite]["sdist"] else os.path.join(HERE, "dialect")
    logs = os.path.join(BUILD, "logs")
    os.makedirs(logs, exist_ok=True)
    os.makedirs(os.path.dirname(record), exist_ok=True)
    while True:
        command = command_of(suite, items, place, environment)
        with open(os.path.join(logs, f"{server}.{suite}.{part}.log"), "ab") as log:
            log.write(f"== {' '.join(items)}\n".encode())
            log.flush()
            child = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            code = watch(child, record)
        if code is None or code < 0:
            # It hung, or the client itself crashed: that test has failed, the others go on.
            begun = unfinished(record)
            if begun is None:
                return 1
            with open(record, "a", encoding="utf-8") as file:
                reason = f"no end within {STALL_SECONDS} s" if code is None else f"the client ended by signal {-code}"
                file.write(json.dumps({"name": begun, "outcome": "failed", "reason": reason}) + "\n")
            continue
        return code


def watch(child, record):
    """watch - wait for a runner; None when it wrote nothing for too long and was killed"""
    seen = (-1, time.time())
    while True:
        try:
            return child.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            pass
        size = os.path.getsize(record) if os.path.exists(record) else 0
        if size != seen[0]:
            seen = (size, time.time())
        elif time.time() - seen[1] > STALL_SECONDS:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return None


def unfinished(record):
    """unfinished - the test that began last and did not end"""
    begun = None
    with open(record, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if "begin" in entry:
                begun = entry["begin"]
            elif entry["name"] == begun:
                begun = None
    return begun


def run_part(suite, part, items, place, server, until):
    """run_part - run one part; True when it is finished"""
    about = SUITES[suite]
    if about["kind"] == "django":
        here = os.path.join(BUILD, "src", suite, "tests")
        items = [item for item in items if os.path.exists(os.path.join(here, item, "__init__.py"))]
        code = run_items(suite, part, items, place, server, until)
        if code == 3:
            for item in items:
                run_items(suite, part, [item], place, server, until)
                if until and time.time() > until:
                    return False
        return not until or time.time() < until
    code = run_items(suite, part, items, place, server, until)
    if code not in (0, 1, 5, TIME_IS_UP):
        sys.exit(f"{suite}/{part}: the runner ended with code {code}: build/suites/logs/{server}.{suite}.{part}.log")
    return code != TIME_IS_UP


def finished_path(server, suite):
    return results_path(server, suite)[: -len("jsonl")] + "parts"


def finished(server, suite):
    path = finished_path(server, suite)
    return open(path, encoding="utf-8").read().split() if os.path.exists(path) else []


def forget(server, suite, how):
    """forget - forget results: all, or those of failed tests"""
    path = results_path(server, suite)
    for gone in [finished_path(server, suite)] + ([path] if how == "again" else []):
        if os.path.exists(gone):
            os.remove(gone)
    if how == "failed" and os.path.exists(path):
        with open(path, encoding="utf-8") as lines:
            kept = [line for line in lines if json.loads(line).get("outcome") in ("passed", "skipped")]
        failed = {name for name, (outcome, _) in load(path).items() if outcome == "failed"} if kept else set()
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line for line in kept if json.loads(line)["name"] not in failed)


def run(suite, part, server, seconds):
    about = SUITES[suite]
    place = Place()
    until = time.time() + seconds if seconds else 0
    prepare(about["kind"], place)
    for name, items in about["parts"].items():
        if (part and name != part) or name in finished(server, suite):
            continue
        started = time.time()
        if not run_part(suite, name, items, place, server, until):
            print(f"{suite}/{name}: to be continued")
            return
        with open(finished_path(server, suite), "a", encoding="utf-8") as file:
            file.write(name + "\n")
        print(f"{suite}/{name}: finished, {time.time() - started:.0f} s", flush=True)


def summary(server, names):
    """summary - one line a suite: what PostgreSQL passes and this server does not is failed"""
    passed = failed = 0
    for name in names:
        suite, _ = split(name)
        here = load(results_path(server, suite))
        oracle = stored("postgresql", suite)
        counts = {word: sum(1 for outcome, _ in here.values() if outcome == word) for word in ("passed", "failed", "skipped")}
        not_expected = [one for one, (outcome, _) in here.items() if outcome == "failed" and one not in oracle["failed"]]
        print(f"{suite:24} {counts['passed']} passed, {counts['failed']} failed ({len(not_expected)} not on PostgreSQL), "
              f"{counts['skipped']} skipped; PostgreSQL passed {oracle['passed']}")
        passed += counts["passed"]
        failed += len(not_expected)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--list", "--all", "--complete", "--again", "--failed", "--summary", "--store"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--fetch")
    parser.add_argument("--server", default="dassie")
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.list or options.all:
        for suite, about in SUITES.items():
            print(suite if options.all else f"{suite:24} {about['client']:34} {' '.join(about['parts'])}")
        return 0
    options.names = [SHORT if name == "short" else name for name in options.names]
    if options.fetch == "short":
        options.fetch = SHORT
    if options.fetch:
        fetch(split(options.fetch)[0])
        return 0
    if options.summary:
        return summary(options.server, options.names)
    if options.store:
        for name in options.names:
            here = load(results_path(options.server, name))
            write_store(options.server, name, here, finished(options.server, name))
        return 0
    suite, part = split(options.names[0])
    if options.complete:
        if options.again or options.failed:
            forget(options.server, suite, "again" if options.again else "failed")
        done = finished(options.server, suite)
        wanted = [part] if part else list(SUITES[suite]["parts"])
        return 0 if all(one in done for one in wanted) else 1
    run(suite, part, options.server, options.seconds)
    return 0


sys.exit(main())
