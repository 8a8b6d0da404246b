"""kill -9 while databases are made, dropped and copied: each is there as a whole or not at all.

Goal: CREATE and DROP DATABASE are one transaction each, whatever moment the server dies in. Method: round
after round a server on one file, a client that copies and drops databases, SIGKILL after a random time; the
next server must show only whole copies, and `dassie check` must find the file sound and no lost pages after
reclaiming. KILL_ROUNDS and KILL_SEED as in kill.py.
"""

import os
import random
import subprocess
import sys
import threading
import time

import psycopg2

DASSIE = os.environ["DASSIE"]
WORK = os.environ["KILL_WORK"]
ROUNDS = int(os.environ.get("KILL_ROUNDS", "5"))
SEED = int(os.environ.get("KILL_SEED", str(int(time.time()))))
TABLES = 40
FILE = os.path.join(WORK, "databases.db")


def start():
    process = subprocess.Popen([DASSIE, "serve", FILE, "--set", "listen_addresses=", "--set", "restart_after_crash=off",
                                "--set", f"unix_socket_directories={WORK}"],
                               stdout=subprocess.DEVNULL, stderr=open(os.path.join(WORK, "server.log"), "ab"))
    for _ in range(1500):
        try:
            connect("postgres").close()
            return process
        except psycopg2.OperationalError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.02)
    raise AssertionError("the server does not answer")


def connect(database):
    conn = psycopg2.connect(host=WORK, user="postgres", dbname=database)
    conn.autocommit = True
    return conn


def rows(conn, sql):
    with conn.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def run(conn, sql):
    with conn.cursor() as cursor:
        cursor.execute(sql)


def work(rng):
    """Copies and drops until the server is gone."""
    try:
        conn = connect("postgres")
        names = [n for (n,) in rows(conn, "SELECT datname FROM pg_database WHERE datname LIKE 'copy%'")]
        for i in range(1000):
            if names and rng.random() < 0.4:
                run(conn, f'DROP DATABASE "{names.pop(rng.randrange(len(names)))}"')
            else:
                name = f"copy{rng.getrandbits(60)}"
                run(conn, f'CREATE DATABASE "{name}" TEMPLATE source')
                names.append(name)
    except psycopg2.Error:
        pass


def check_all(conn):
    """Every copy is whole."""
    found = [n for (n,) in rows(conn, "SELECT datname FROM pg_database WHERE datname LIKE 'copy%'")]
    for name in found:
        copy = connect(name)
        counts = rows(copy, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert counts == [(TABLES,)], (name, counts)
        for i in range(0, TABLES, 13):
            assert rows(copy, f"SELECT count(*), sum(id) FROM t{i} WHERE id > 0") == [(100, 5050)], name
            assert rows(copy, f"SELECT id FROM t{i} WHERE name = 'n77'") == [(77,)], name
        copy.close()
    return len(found)


def main():
    rng = random.Random(SEED)
    process = start()
    conn = connect("postgres")
    run(conn, "CREATE DATABASE source")
    source = connect("source")
    for i in range(TABLES):
        run(source, f"CREATE TABLE t{i} (id serial PRIMARY KEY, name text UNIQUE, pad text)")
        run(source, f"INSERT INTO t{i}(name, pad) SELECT 'n' || i, repeat('p', 50) FROM generate_series(1, 100) i")
    source.close()
    conn.close()
    for number in range(ROUNDS):
        thread = threading.Thread(target=work, args=(random.Random(rng.random()),))
        thread.start()
        time.sleep(rng.uniform(0.05, 0.6))
        process.kill()
        process.wait()
        thread.join()
        process = start()
        conn = connect("postgres")
        copies = check_all(conn)
        conn.close()
        print(f"round {number}: {copies} whole copies")
    process.terminate()
    assert process.wait(60) == 0, "the server did not end cleanly"
    done = subprocess.run([DASSIE, "check", FILE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()[-2000:]


try:
    main()
    print("1 passed, 0 failed")
except BaseException as e:  # the suite's last line says what became of it
    print(f"seed {SEED}: {e!r}")
    print("0 passed, 1 failed")
    sys.exit(1)
