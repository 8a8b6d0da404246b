"""Roles that log in: passwords, limits, what a session begins with, what it sees and may do to others.

Goal: a role logs in with its own password and no other; expired passwords, NOLOGIN, connection limits and missing
CONNECT privileges refuse it as PostgreSQL does; ALTER ROLE and ALTER DATABASE say what its sessions begin with.
Method: psycopg2 over TCP with SCRAM-SHA-256. run.sh --oracle runs the same on PostgreSQL 15.
"""

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import make_dsn, parse_dsn

from target import DSN, TCP_DSN, ClientTest

ROLES = ("login_a", "login_b", "login_group")


class Login(ClientTest):
    """Roles with passwords of their own."""

    def setUp(self):
        super().setUp()
        self.conn.autocommit = True
        self.cur = self.conn.cursor()
        self.drop()
        self.cur.execute("CREATE ROLE login_group NOLOGIN")
        self.cur.execute("CREATE ROLE login_a LOGIN PASSWORD 'open sesame'")
        self.cur.execute("CREATE ROLE login_b LOGIN PASSWORD 'other' IN ROLE login_group")
        self.addCleanup(self.drop)

    def drop(self):
        conn = psycopg2.connect(DSN)
        conn.autocommit = True
        cur = conn.cursor()
        for role in ROLES:
            cur.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            if cur.fetchone():
                cur.execute(f"DROP OWNED BY {role}")
                cur.execute(f"DROP ROLE {role}")
        conn.close()

    def login(self, role, password, **options):
        parts = parse_dsn(TCP_DSN)
        parts.update(user=role, password=password, **options)
        return self.connect(make_dsn(**parts))

    def refused(self, text, role, password):
        with self.assertRaises(psycopg2.OperationalError) as caught:
            self.login(role, password)
        self.assertIn(text, str(caught.exception))

    def test_password(self):
        cur = self.login("login_a", "open sesame").cursor()
        cur.execute("SELECT current_user, session_user")
        self.assertEqual(cur.fetchone(), ("login_a", "login_a"))
        self.refused('password authentication failed for user "login_a"', "login_a", "wrong")
        self.refused('password authentication failed for user "no_such"', "no_such", "wrong")
        self.cur.execute("ALTER ROLE login_a PASSWORD 'new one'")
        self.refused('password authentication failed for user "login_a"', "login_a", "open sesame")
        self.login("login_a", "new one")
        self.cur.execute("ALTER ROLE login_a PASSWORD NULL")
        self.refused('password authentication failed for user "login_a"', "login_a", "new one")

    def test_verifier(self):
        self.cur.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'login_a'")
        verifier = self.cur.fetchone()[0]
        self.assertTrue(verifier.startswith("SCRAM-SHA-256$4096:"), verifier)
        self.cur.execute(f"ALTER ROLE login_b PASSWORD '{verifier}'")
        self.login("login_b", "open sesame")

    def test_expired(self):
        self.cur.execute("ALTER ROLE login_a VALID UNTIL '2001-01-01'")
        self.refused('password authentication failed for user "login_a"', "login_a", "open sesame")
        self.cur.execute("ALTER ROLE login_a VALID UNTIL 'infinity'")
        self.login("login_a", "open sesame")

    def test_no_login(self):
        self.cur.execute("ALTER ROLE login_a NOLOGIN")
        self.refused('role "login_a" is not permitted to log in', "login_a", "open sesame")

    def test_role_limit(self):
        self.cur.execute("ALTER ROLE login_a CONNECTION LIMIT 1")
        first = self.login("login_a", "open sesame")
        self.refused('too many connections for role "login_a"', "login_a", "open sesame")
        self.login("login_b", "other")
        self.assertEqual(first.closed, 0)

    def test_connect_privilege(self):
        self.cur.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
        try:
            self.refused('permission denied for database "postgres"', "login_a", "open sesame")
            self.cur.execute("GRANT CONNECT ON DATABASE postgres TO login_group")
            self.login("login_b", "other")
        finally:
            self.cur.execute("REVOKE ALL ON DATABASE postgres FROM login_group")
            self.cur.execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC")

    def test_begins_with(self):
        self.cur.execute("ALTER ROLE login_a SET work_mem = '7MB'")
        self.cur.execute("ALTER ROLE login_a IN DATABASE postgres SET statement_timeout = '9s'")
        self.cur.execute("ALTER DATABASE postgres SET statement_timeout = '3s'")
        self.cur.execute("ALTER ROLE login_a SET application_name = 'from the role'")
        try:
            cur = self.login("login_a", "open sesame").cursor()
            cur.execute("SELECT current_setting('work_mem'), current_setting('statement_timeout')")
            self.assertEqual(cur.fetchone(), ("7MB", "9s"))
            cur.execute("SET work_mem = '1MB'")
            cur.execute("RESET work_mem")
            cur.execute("SHOW work_mem")
            self.assertEqual(cur.fetchone(), ("7MB",))
            cur = self.login("login_b", "other").cursor()
            cur.execute("SELECT current_setting('work_mem'), current_setting('statement_timeout')")
            self.assertEqual(cur.fetchone(), ("4MB", "3s"))
            cur = self.login("login_a", "open sesame", options="-c work_mem=2MB").cursor()
            cur.execute("SELECT current_setting('work_mem')")
            self.assertEqual(cur.fetchone(), ("2MB",))
        finally:
            self.cur.execute("ALTER DATABASE postgres RESET ALL")

    def test_superuser_setting(self):
        with self.assertRaises(psycopg2.OperationalError) as caught:
            self.login("login_a", "open sesame", options="-c log_statement=all")
        self.assertIn('permission denied to set parameter "log_statement"', str(caught.exception))

    def test_others(self):
        mine = self.login("login_a", "open sesame")
        other = self.login("login_b", "other")
        mine.autocommit = other.autocommit = True
        cur = mine.cursor()
        cur.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (other.get_backend_pid(),))
        self.assertEqual(cur.fetchone(), ("<insufficient privilege>",))
        cur.execute("SELECT state FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        self.assertEqual(cur.fetchone(), ("active",))
        with self.assertRaises(errors.InsufficientPrivilege):
            cur.execute("SELECT pg_terminate_backend(%s)", (other.get_backend_pid(),))
        with self.assertRaises(errors.InsufficientPrivilege):
            cur.execute("SELECT pg_cancel_backend(%s)", (self.conn.get_backend_pid(),))
        self.cur.execute("GRANT login_b TO login_a")
        cur.execute("SELECT pg_cancel_backend(%s)", (other.get_backend_pid(),))
        self.assertEqual(cur.fetchone(), (True,))

    def test_rights_end_at_once(self):
        self.cur.execute("DROP TABLE IF EXISTS secret_rows")
        self.cur.execute("CREATE TABLE secret_rows AS SELECT 1 AS a")
        self.addCleanup(self.cur.execute, "DROP TABLE secret_rows")
        self.cur.execute("GRANT SELECT ON secret_rows TO login_a")
        mine = self.login("login_a", "open sesame")
        mine.autocommit = True
        cur = mine.cursor()
        for _ in range(3):
            cur.execute("SELECT a FROM secret_rows")
            self.assertEqual(cur.fetchall(), [(1,)])
        cur.execute("PREPARE rows AS SELECT a FROM secret_rows")
        cur.execute("EXECUTE rows")
        self.cur.execute("REVOKE SELECT ON secret_rows FROM login_a")
        with self.assertRaises(errors.InsufficientPrivilege):
            cur.execute("SELECT a FROM secret_rows")
        with self.assertRaises(errors.InsufficientPrivilege):
            cur.execute("EXECUTE rows")
        self.cur.execute("ALTER ROLE login_a SUPERUSER")
        cur.execute("SELECT a FROM secret_rows")
        self.assertEqual(cur.fetchall(), [(1,)])
        cur.execute("SHOW is_superuser")
        self.cur.execute("ALTER ROLE login_a NOSUPERUSER")
        with self.assertRaises(errors.InsufficientPrivilege):
            cur.execute("SELECT a FROM secret_rows")
