"""examples/notes end to end: the application is started as its README says and driven over HTTP.

Goal: a visitor can create, list, search, edit and delete notes, and wrong input is answered well.
Method: plain urllib against the running application; the pages are read as HTML text.
"""

import html
import os
import re
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from target import DSN, ClientTest

APP = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "notes", "app.py")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Notes(ClientTest):
    def setUp(self):
        super().setUp()
        self.run_sql("DROP TABLE IF EXISTS notes")
        self.start()

    def start(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.app = subprocess.Popen(
            [sys.executable, APP], env=dict(os.environ, DATABASE_URL=DSN, PORT=str(port)),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        self.addCleanup(self.stop, self.app)
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except OSError:
                if self.app.poll() is not None or time.monotonic() > deadline:
                    self.fail("the application did not start: " + self.app.stderr.read().decode())
                time.sleep(0.05)

    def stop(self, app):
        app.terminate()
        app.wait(10)
        app.stderr.close()

    def get(self, path):
        """Status and text of a page."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                self.final = answer.geturl()
                return answer.status, html.unescape(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, html.unescape(error.read().decode())

    def post(self, path, **form):
        """Send a form, follow the redirect; status and text of the page that is shown then."""
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(self.url + path, data, timeout=10) as answer:
                self.final = answer.geturl()
                return answer.status, html.unescape(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, html.unescape(error.read().decode())

    def test_life_of_a_note(self):
        status, page = self.get("/")
        self.assertEqual(status, 200)
        self.assertIn("There are no notes yet", page)

        status, page = self.post("/new", title="Shopping", body="milk\n<b>bread</b> & 'jam' é 日本")
        self.assertEqual(status, 200)
        path = urllib.parse.urlparse(self.final).path
        self.assertRegex(path, r"^/\d+$")
        self.assertIn("<h1>Shopping</h1>", page)
        self.assertIn("<b>bread</b> & 'jam' é 日本", page)

        status, page = self.get("/")
        self.assertIn("Shopping", page)
        self.assertIn("1 of 1 note", page)

        status, page = self.get(path + "/edit")
        self.assertIn('value="Shopping"', page)
        status, page = self.post(path + "/edit", title="Shopping list", body="eggs")
        self.assertEqual(status, 200)
        self.assertIn("Shopping list", page)
        self.assertIn("eggs", page)
        self.assertNotIn("bread", page)
        self.assertIn("changed", page)

        status, page = self.post(path + "/delete")
        self.assertEqual(status, 200)
        self.assertIn("There are no notes yet", page)
        self.assertEqual(self.get(path)[0], 404)
        self.assertEqual(self.one("SELECT count(*) FROM notes"), 0)

    def test_list_order_and_search(self):
        for number in range(5):
            self.post("/new", title=f"note {number}", body="100% sure" if number == 3 else "a_b")
        first = re.findall(r"note \d", self.get("/")[1])
        self.assertEqual(first, ["note 4", "note 3", "note 2", "note 1", "note 0"])
        self.assertEqual(re.findall(r">(note \d)<", self.get("/?q=NOTE+2")[1]), ["note 2"])
        self.assertEqual(re.findall(r">(note \d)<", self.get("/?q=100%25")[1]), ["note 3"])
        self.assertEqual(len(re.findall(r">(note \d)<", self.get("/?q=a_b")[1])), 4)
        self.assertIn("No note has “%%” in it", self.get("/?q=%25%25")[1])

    def test_wrong_input(self):
        status, page = self.post("/new", title="  ", body="no title")
        self.assertEqual(status, 400)
        self.assertIn("A note needs a title.", page)
        self.assertIn("no title", page)
        for path in ("/99", "/99/edit", "/nosuch"):
            self.assertEqual(self.get(path)[0], 404)
        self.assertEqual(self.post("/99/delete")[0], 404)
        self.assertEqual(self.post("/99/edit", title="x")[0], 404)
        self.assertEqual(self.post("/new", title="'; DROP TABLE notes; --", body="")[0], 200)
        self.assertIn("DROP TABLE notes", self.get("/")[1])
        self.assertEqual(self.one("SELECT count(*) FROM notes"), 1)

    def test_notes_outlive_the_application(self):
        self.post("/new", title="kept", body="")
        self.stop(self.app)
        self.start()
        self.assertIn("kept", self.get("/")[1])

    def test_long_note(self):
        body = "line of text\n" * 20000
        self.post("/new", title="long", body=body)
        self.assertEqual(self.one("SELECT length(body) FROM notes"), len(body))


if __name__ == "__main__":
    unittest.main()
