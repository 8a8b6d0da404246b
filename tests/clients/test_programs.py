"""The programs of PostgreSQL's client package: createdb, dropdb, createuser, dropuser, vacuumdb, reindexdb, clusterdb, pg_isready.

Goal: every option does what it does on PostgreSQL, and errors have its words and exit codes. Method: the program runs on the
server's socket; what it did is read from the catalogs. pgbench has a file of its own.
"""

import os
import subprocess
import unittest
import urllib.parse

from target import DSN, TCP_DSN, ClientTest

WHERE = urllib.parse.parse_qs(urllib.parse.urlparse(DSN).query)


class Program(ClientTest):
    def program(self, name, *arguments, code=0, given=None, **environment):
        """Run a program as postgres on the server's socket; returns what it wrote, the socket's path left out."""
        done = subprocess.run(
            [name, *arguments], input=given, capture_output=True, text=True, timeout=120,
            env=dict(os.environ, PGHOST=WHERE["host"][0], PGPORT=WHERE.get("port", ["5432"])[0], PGUSER="postgres", LC_ALL="C", **environment),
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def setUp(self):
        super().setUp()
        self.conn.autocommit = True

    def drop_later(self, *statements):
        self.addCleanup(self.run_sql, *statements)


class IsReady(Program):
    def test_answers(self):
        self.assertIn("accepting connections", self.program("pg_isready"))
        self.assertEqual(self.program("pg_isready", "-q"), "")
        self.assertIn("accepting connections", self.program("pg_isready", "-d", TCP_DSN, "-t", "5"))
        self.assertIn("no response", self.program("pg_isready", "-h", "127.0.0.1", "-p", "1", code=2))
        # Who asks need not be anybody.
        self.assertIn("accepting connections", self.program("pg_isready", "-U", "nosuch", "-d", "nosuch"))
        self.program("pg_isready", "--nosuch", code=3)


class Databases(Program):
    def settings(self, name):
        return self.rows("SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datistemplate, datallowconn,"
                         " shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (name,))

    def test_createdb_and_dropdb(self):
        self.drop_later('DROP DATABASE IF EXISTS one', 'DROP DATABASE IF EXISTS "Odd Name"', 'DROP DATABASE IF EXISTS two')
        self.assertIn("CREATE DATABASE one", self.program("createdb", "-e", "one", "the first"))
        self.assertEqual(self.settings("one"), [("postgres", "UTF8", "C", "C", False, True, "the first")])
        self.assertIn('createdb: error: database creation failed: ERROR:  database "one" already exists', self.program("createdb", "one", code=1))
        self.program("createdb", "Odd Name", "-E", "UTF8", "-O", "postgres", "-T", "template0", "-l", "C")
        self.assertEqual(len(self.settings("Odd Name")), 1)
        self.program("psql", "-d", "one", "-qc", "CREATE TABLE t AS SELECT 1 AS a")
        self.program("createdb", "-T", "one", "two", "--maintenance-db=template1")
        self.assertEqual(self.program("psql", "-d", "two", "-Atc", "SELECT a FROM t"), "1\n")
        self.assertIn("invalid locale name", self.program("createdb", "three", "-T", "template0", "--locale=nosuch", code=1))
        self.assertIn('"nosuch" is not a valid encoding name', self.program("createdb", "three", "-E", "nosuch", code=1))
        self.assertIn('template database "nosuch" does not exist', self.program("createdb", "-T", "nosuch", "three", code=1))
        self.assertIn('role "nosuch" does not exist', self.program("createdb", "-O", "nosuch", "three", code=1))

        self.assertIn("DROP DATABASE two", self.program("dropdb", "-e", "two"))
        self.assertIn('dropdb: error: database removal failed: ERROR:  database "two" does not exist', self.program("dropdb", "two", code=1))
        self.assertIn('database "two" does not exist, skipping', self.program("dropdb", "--if-exists", "two"))
        self.program("dropdb", "Odd Name")
        self.assertIn("Are you sure? (y/n)", self.program("dropdb", "-i", "one", given="n\n"))
        self.assertEqual(len(self.settings("one")), 1)
        other = self.connect(DSN.replace("/postgres?", "/one?"))
        self.assertIn("is being accessed by other users", self.program("dropdb", "one", code=1))
        self.program("dropdb", "--force", "one")
        self.assertEqual(self.settings("one"), [])
        with self.assertRaises(Exception):
            self.rows("SELECT 1", conn=other)
        self.assertIn("missing required argument", self.program("dropdb", code=1))

    def test_named_by_the_environment(self):
        self.drop_later("DROP DATABASE IF EXISTS by_name")
        self.program("createdb", PGDATABASE="by_name")
        self.assertEqual(len(self.settings("by_name")), 1)
        self.program("dropdb", "by_name")


class Users(Program):
    def attributes(self, name):
        return self.rows("SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolconnlimit, rolpassword LIKE"
                         " 'SCRAM-SHA-256$4096:%%' FROM pg_authid WHERE rolname = %s", (name,))[0]

    def test_createuser_and_dropuser(self):
        names = ("plain", "admin", "group", "Odd Name", "limited")
        self.drop_later(*(f'DROP ROLE IF EXISTS "{name}"' for name in names))
        self.assertIn("CREATE ROLE plain NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT LOGIN;", self.program("createuser", "-e", "plain"))
        self.assertEqual(self.attributes("plain"), (False, True, False, False, True, False, -1, None))
        self.program("createuser", "-s", "-d", "-r", "--replication", "admin")
        self.assertEqual(self.attributes("admin"), (True, True, True, True, True, True, -1, None))
        self.program("createuser", "-L", "-I", "group")
        self.assertEqual(self.attributes("group"), (False, False, False, False, False, False, -1, None))
        self.program("createuser", "-c", "3", "-g", "group", "limited")
        self.assertEqual(self.attributes("limited")[6], 3)
        self.assertEqual(self.rows("SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members WHERE roleid::regrole::text = %s", ("\"group\"",)),
                         [('"group"', "limited")])
        self.program("createuser", "Odd Name")
        self.assertIn('createuser: error: creation of new role failed: ERROR:  role "plain" already exists', self.program("createuser", "plain", code=1))
        self.assertIn("DROP ROLE plain", self.program("dropuser", "-e", "plain"))
        self.assertIn('dropuser: error: removal of role "plain" failed: ERROR:  role "plain" does not exist', self.program("dropuser", "plain", code=1))
        self.assertIn('role "plain" does not exist, skipping', self.program("dropuser", "--if-exists", "plain"))
        self.program("dropuser", "-i", "admin", given="y\n")
        self.assertEqual(self.one("SELECT count(*) FROM pg_roles WHERE rolname IN ('plain', 'admin')"), 0)


class Maintenance(Program):
    """vacuumdb, reindexdb and clusterdb on a table of two schemas"""

    def setUp(self):
        super().setUp()
        self.run_sql("DROP SCHEMA IF EXISTS keep CASCADE", "CREATE SCHEMA keep", "CREATE TABLE keep.a (id int PRIMARY KEY, t text)",
                     "INSERT INTO keep.a SELECT n, 'x' || n FROM generate_series(1, 3000) n", "CREATE INDEX a_t ON keep.a (t)",
                     'CREATE TABLE keep."Odd Name" (id int)', "DELETE FROM keep.a WHERE id % 2 = 0")
        self.drop_later("DROP SCHEMA IF EXISTS keep CASCADE")

    def test_vacuumdb(self):
        self.assertIn('vacuumdb: vacuuming database "postgres"', self.program("vacuumdb", "postgres"))
        for options in (["-z"], ["-Z"], ["-f"], ["-F"], ["-v"], ["--disable-page-skipping"], ["--skip-locked"], ["--no-truncate"], ["--no-index-cleanup"],
                        ["--force-index-cleanup"], ["--no-process-toast"], ["--min-xid-age=1000000"], ["-j", "2"], ["-P", "2"], ["-q"], ["-a"]):
            with self.subTest(options):
                self.program("vacuumdb", *options, *([] if options == ["-a"] else ["-t", "keep.a", "postgres"] if options[0] != "-j" else ["postgres"]))
        out = self.program("vacuumdb", "-e", "-z", "-t", "keep.a(id, t)", "-t", 'keep."Odd Name"', "postgres")
        self.assertIn("VACUUM (ANALYZE) keep.a(id, t);", out)
        self.assertIn('VACUUM (ANALYZE) keep."Odd Name";', out)
        out = self.program("vacuumdb", "--analyze-in-stages", "postgres")
        self.assertIn("Generating minimal optimizer statistics (1 target)", out)
        self.assertIn("Generating default (full) optimizer statistics", out)
        self.assertEqual(self.one("SELECT reltuples::int FROM pg_class WHERE oid = 'keep.a'::regclass"), 1500)
        self.assertIn('relation "nosuch" does not exist', self.program("vacuumdb", "-t", "nosuch", "postgres", code=1))
        self.assertIn('database "nosuch" does not exist', self.program("vacuumdb", "nosuch", code=1))
        self.assertEqual(self.one("SELECT count(*) FROM keep.a"), 1500)

    def test_reindexdb(self):
        self.assertIn("REINDEX DATABASE postgres;", self.program("reindexdb", "-e", "postgres"))
        for options in (["-t", "keep.a"], ["-i", "keep.a_t"], ["-S", "keep"], ["-s"], ["--concurrently", "-t", "keep.a"], ["-v", "-t", "keep.a"], ["-j", "2", "-S", "keep"],
                        ["-a"]):
            with self.subTest(options):
                self.program("reindexdb", *options, *([] if options == ["-a"] else ["postgres"]))
        self.assertIn('relation "nosuch" does not exist', self.program("reindexdb", "-i", "nosuch", "postgres", code=1))
        self.run_sql("SET enable_seqscan = off")
        self.assertEqual(self.one("SELECT id FROM keep.a WHERE t = 'x777'"), 777)
        self.assertEqual(self.one("SELECT count(*) FROM pg_index WHERE indrelid = 'keep.a'::regclass AND indisvalid"), 2)

    def test_clusterdb(self):
        self.run_sql("CLUSTER keep.a USING a_t")
        self.assertTrue(self.one("SELECT indisclustered FROM pg_index WHERE indexrelid = 'keep.a_t'::regclass"))
        self.assertIn('CLUSTER;', self.program("clusterdb", "-e", "postgres"))
        self.program("clusterdb", "-v", "-t", "keep.a", "postgres")
        self.program("clusterdb", "-a", "-q")
        self.assertIn("there is no previously clustered index", self.program("clusterdb", "-t", 'keep."Odd Name"', "postgres", code=1))
        self.assertEqual(self.rows("SELECT id FROM keep.a ORDER BY t LIMIT 2"), [(1,), (1001,)])


class DumpAll(Program):
    def test_globals_and_databases(self):
        self.drop_later("DROP DATABASE IF EXISTS dumped", "DROP ROLE IF EXISTS dumper")
        self.run_sql("CREATE ROLE dumper LOGIN CONNECTION LIMIT 4 PASSWORD 'x'", "COMMENT ON ROLE dumper IS 'dumps'", "ALTER ROLE dumper SET work_mem = '8MB'",
                     "GRANT pg_monitor TO dumper", "CREATE DATABASE dumped OWNER dumper", "COMMENT ON DATABASE dumped IS 'to be dumped'",
                     "GRANT CREATE ON DATABASE dumped TO pg_monitor")
        self.program("psql", "-d", "dumped", "-qc", "CREATE TABLE t AS SELECT 1 AS a")
        roles = self.program("pg_dumpall", "--roles-only")
        self.assertIn("CREATE ROLE dumper;", roles)
        self.assertRegex(roles, r"ALTER ROLE dumper WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 4 PASSWORD 'SCRAM-SHA-256\$4096:")
        self.assertIn("COMMENT ON ROLE dumper IS 'dumps';", roles)
        self.assertIn("ALTER ROLE dumper SET work_mem TO '8MB';", roles)
        self.assertIn("GRANT pg_monitor TO dumper GRANTED BY postgres;", roles)
        self.assertNotIn("PASSWORD", self.program("pg_dumpall", "--roles-only", "--no-role-passwords"))
        self.program("pg_dumpall", "--tablespaces-only")
        whole = self.program("pg_dumpall")
        for line in ("CREATE DATABASE dumped WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';", "ALTER DATABASE dumped OWNER TO dumper;",
                     "COMMENT ON DATABASE dumped IS 'to be dumped';", "GRANT CREATE ON DATABASE dumped TO pg_monitor;", "COPY public.t (a) FROM stdin;"):
            self.assertIn(line, whole)
        self.assertNotIn("dumped", self.program("pg_dumpall", "--exclude-database=dump*", "-s").replace("dumper", ""))
        self.program("dropdb", "dumped")
        self.program("dropuser", "dumper")
        statements = "".join(part for part in whole.split("--\n") if "dumper" in part or "dumped" in part)
        self.assertIn("CREATE ROLE dumper", statements)


if __name__ == "__main__":
    unittest.main()
