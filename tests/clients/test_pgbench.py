"""pgbench: initialise, and run the three built-in scripts in the three protocol modes.

Goal: no error, and TPC-B's books balance after concurrent runs. Method: small scale and few transactions.
"""

import os
import subprocess
import unittest
import urllib.parse

from target import DSN, ClientTest


class Pgbench(ClientTest):
    def pgbench(self, *arguments):
        """Run pgbench on the server's socket; returns its output."""
        where = urllib.parse.parse_qs(urllib.parse.urlparse(DSN).query)
        done = subprocess.run(
            ["pgbench", "-h", where["host"][0], "-p", where.get("port", ["5432"])[0], "-U", "postgres", *arguments, "postgres"],
            env=dict(os.environ, LC_ALL="C"), capture_output=True, text=True, timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_initialise_and_run(self):
        self.pgbench("-i", "-s", "2")
        self.assertEqual(self.one("SELECT count(*) FROM pgbench_accounts"), 200000)
        self.conn.rollback()
        transactions = 0
        for script in ("tpcb-like", "simple-update", "select-only"):
            for protocol in ("simple", "extended", "prepared"):
                for clients, each in ((1, 50), (8, 25)):
                    with self.subTest(script=script, protocol=protocol, clients=clients):
                        vacuum = ["-n"] if transactions else []
                        out = self.pgbench(
                            *vacuum, "-b", script, "-M", protocol, "-c", str(clients), "-j", "2", "-t", str(each)
                        )
                        self.assertIn(f"actually processed: {clients * each}/{clients * each}", out)
                        self.assertIn("number of failed transactions: 0", out)
                        transactions += clients * each
        out = self.pgbench("-n", "-S", "-M", "prepared", "-c", "64", "-j", "4", "-t", "20")
        self.assertIn("number of failed transactions: 0", out)
        out = self.pgbench("-n", "-M", "prepared", "-c", "64", "-j", "4", "-t", "5")
        self.assertIn("number of failed transactions: 0", out)
        sums = self.rows(
            "SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(delta) FROM pgbench_history)"
        )[0]
        self.assertEqual(sums[0], sums[1])

    def test_books_balance(self):
        self.pgbench("-i", "-s", "1", "-I", "dtGvp")
        self.pgbench("-n", "-c", "10", "-j", "2", "-t", "40")
        accounts, tellers, branches, history = self.rows(
            "SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),"
            " (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history)"
        )[0]
        self.assertEqual({accounts, tellers, branches}, {history})
        self.assertEqual(self.one("SELECT count(*) FROM pgbench_history"), 400)


if __name__ == "__main__":
    unittest.main()
