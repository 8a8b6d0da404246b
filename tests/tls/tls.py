"""TLS and connection rules: what libpq may and may not do with which settings of the server.

Goal: sslmode up to verify-full, SCRAM with channel binding, client certificates and hba_rules do what they do
on PostgreSQL. Method: a server for each set of settings, psycopg2 connections that must or must not succeed.
"""

import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import psycopg2

WORK = os.environ["TLS_WORK"]
DASSIE = os.environ["DASSIE"]


def path(name):
    return os.path.join(WORK, name)


class Server:
    """One server with its own file, on a free port of 127.0.0.1 and a socket in its folder."""

    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(dir=WORK)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
                    **settings}
        command = [DASSIE, "serve", os.path.join(self.folder, "a.db")]
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log,
                                        env={**os.environ, "DASSIE_PASSWORD": "secret"})
        for _ in range(500):
            if os.path.exists(os.path.join(self.folder, f".s.PGSQL.{self.port}")) or self.process.poll() is not None:
                break
            time.sleep(0.02)
        time.sleep(0.05)

    def log_text(self):
        self.log.flush()
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(30)
        self.log.close()
        return code


TLS = {"ssl": "on", "ssl_cert_file": path("server.crt"), "ssl_key_file": path("server.key")}


class TlsTest(unittest.TestCase):
    settings = TLS

    @classmethod
    def setUpClass(cls):
        cls.server = Server(**cls.settings)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, cls.server.log_text()

    def connect(self, **options):
        options = {"host": "localhost", "hostaddr": "127.0.0.1", "port": self.server.port, "user": "postgres",
                   "password": "secret", "dbname": "postgres", "connect_timeout": 20, "sslcert": path("none"),
                   "sslkey": path("none"), "sslrootcert": path("root.crt"), **options}
        conn = psycopg2.connect(**options)
        self.addCleanup(conn.close)
        return conn

    def refused(self, message, **options):
        with self.assertRaises(psycopg2.OperationalError) as caught:
            self.connect(**options)
        self.assertIn(message, str(caught.exception))

    def one(self, sql, conn):
        with conn.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()


class Modes(TlsTest):
    def test_modes(self):
        for mode in ("allow", "prefer", "require", "verify-ca", "verify-full"):
            conn = self.connect(sslmode=mode)
            encrypted = mode != "allow"
            self.assertEqual(conn.info.ssl_in_use, encrypted)
            self.assertEqual(self.one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", conn), (encrypted,))
        self.assertFalse(self.connect(sslmode="disable").info.ssl_in_use)

    def test_facts(self):
        conn = self.connect(sslmode="require")
        version, cipher, bits, dn = self.one(
            "SELECT version, cipher, bits, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()", conn)
        self.assertEqual(version, conn.info.ssl_attribute("protocol"))
        self.assertEqual(cipher, conn.info.ssl_attribute("cipher"))
        self.assertEqual(str(bits), conn.info.ssl_attribute("key_bits"))
        self.assertIsNone(dn)

    def test_wrong_name_and_authority(self):
        self.refused('does not match host name "example.org"', sslmode="verify-full", host="example.org")
        self.assertTrue(self.connect(sslmode="verify-ca", host="example.org").info.ssl_in_use)
        self.refused("certificate verify failed", sslmode="verify-ca", sslrootcert=path("stranger.crt"))

    def test_channel_binding(self):
        self.assertTrue(self.connect(sslmode="require", channel_binding="require").info.ssl_in_use)
        self.connect(sslmode="require", channel_binding="disable")
        self.refused("channel binding", sslmode="disable", channel_binding="require")
        self.refused("password authentication failed", sslmode="require", password="wrong")

    def test_large_both_ways(self):
        conn = self.connect(sslmode="require")
        text = "0123456789" * 300000
        self.assertEqual(self.one("SELECT length(%s)" % psycopg2.extensions.QuotedString(text).getquoted().decode(),
                                  conn), (len(text),))
        self.assertEqual(self.one("SELECT repeat('abc', 2000000)", conn), ("abc" * 2000000,))
        with conn.cursor() as cursor:
            cursor.execute("SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i")
            self.assertEqual(len(cursor.fetchall()), 50000)

    def test_unix_socket_has_none(self):
        conn = self.connect(host=self.server.folder, hostaddr="", sslmode="prefer")
        self.assertFalse(conn.info.ssl_in_use)

    def raw(self):
        s = socket.create_connection(("127.0.0.1", self.server.port), 20)
        self.addCleanup(s.close)
        return s

    def test_bytes_in_the_clear_behind_the_request(self):
        s = self.raw()
        s.sendall(struct.pack("!II", 8, 80877103) + b"\0\0\0\x08\x04\xd2\x16\x2f")
        data = s.recv(1)
        rest = b"".join(iter(lambda: s.recv(4096), b""))
        self.assertEqual(data, b"S")
        self.assertNotIn(b"R\0\0\0", rest)

    def test_nonsense_handshake(self):
        s = self.raw()
        s.sendall(struct.pack("!II", 8, 80877103))
        self.assertEqual(s.recv(1), b"S")
        s.sendall(b"this is no handshake at all" * 10)
        try:
            while s.recv(4096):
                pass
        except ConnectionResetError:
            pass
        s = self.raw()
        s.sendall(struct.pack("!II", 8, 80877103))
        s.close()
        self.connect(sslmode="require")

    def test_old_protocol(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        s = self.raw()
        s.sendall(struct.pack("!II", 8, 80877103))
        self.assertEqual(s.recv(1), b"S")
        with self.assertRaises((ssl.SSLError, OSError)):
            context.wrap_socket(s)

    def test_slow_handshake_holds_nobody(self):
        waiting = [self.raw() for _ in range(50)]
        for s in waiting:
            s.sendall(struct.pack("!II", 8, 80877103))
        self.assertEqual(self.one("SELECT 1", self.connect(sslmode="require")), (1,))


class Certificates(TlsTest):
    settings = {**TLS, "ssl_ca_file": path("root.crt"),
                "hba_rules": "local all all peer; hostssl all other 127.0.0.1/32 cert;"
                             "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-full"}

    def given(self, name, **options):
        return self.connect(sslmode="verify-full", sslcert=path(f"{name}.crt"), sslkey=path(f"{name}.key"), **options)

    def test_full(self):
        conn = self.given("postgres")
        dn, issuer, serial = self.one(
            "SELECT client_dn, issuer_dn, client_serial FROM pg_stat_ssl WHERE pid = pg_backend_pid()", conn)
        self.assertEqual((dn, issuer), ("/O=dassie/CN=postgres", "/CN=root"))
        self.assertGreater(serial, 0)

    def test_refused(self):
        with self.assertRaises(psycopg2.OperationalError) as caught:
            self.given("other")
        self.assertIn('certificate authentication failed for user "postgres"', str(caught.exception))
        with self.assertRaises(psycopg2.OperationalError):
            self.given("foreign")
        self.refused("connection requires a valid client certificate", sslmode="require")
        self.refused("no pg_hba.conf entry", sslmode="disable")


class Rules(TlsTest):
    settings = {**TLS, "hba_rules": '# a comment; with a semicolon\nlocal all all peer\n'
                                    'host template1 all all reject\n'
                                    'hostssl "postgres" postgres 127.0.0.0 255.0.0.0 trust\n'
                                    'hostnossl all all ::1/128 trust\nhostnossl sameuser all 127.0.0.1/32 scram-sha-256'}

    def test_rules(self):
        self.connect(sslmode="require", password="nonsense")
        self.refused("pg_hba.conf rejects connection for host \"127.0.0.1\", user \"postgres\", database "
                     "\"template1\", SSL encryption", sslmode="require", dbname="template1")
        self.connect(sslmode="disable")
        self.refused("password authentication failed", sslmode="disable", password="wrong")
        self.refused('no pg_hba.conf entry for host "127.0.0.1", user "postgres", database "other", no encryption',
                     sslmode="disable", dbname="other")


class Refused(unittest.TestCase):
    """Settings with which the server does not start, and why."""

    def start(self, message, **settings):
        server = Server(**{**TLS, **settings})
        server.process.wait(30)
        text = server.log_text()
        server.stop()
        self.assertIn(message, text)

    def test_settings(self):
        self.start("could not load server certificate file", ssl_cert_file=path("nosuch.crt"))
        self.start("could not access private key file", ssl_key_file=path("nosuch.key"))
        self.start("private key file", ssl_key_file=path("other.key"))
        os.chmod(path("foreign.key"), 0o644)
        self.start("has group or world access", ssl_key_file=path("foreign.key"))
        self.start('the authentication method "md5" is not supported', hba_rules="host all all all md5")
        self.start("an unknown kind of connection", hba_rules="nosuch all all all trust")


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1, argv=sys.argv).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad != 0)
