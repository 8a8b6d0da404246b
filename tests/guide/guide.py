"""guide.py - run the commands of a page of the guide and check what it shows

Usage: guide.py [--record] [--leave-out "NAME ..."] PAGE [#SECTION]

A section (## Title) is a case. Its fenced blocks run in order, in a folder that the page has for itself:
  ```sh            by sh -e; what is started in the background is ended after the page
  ```sql           by psql, in the database that PGDATABASE names (a line "export PGDATABASE=..." of a sh block stays)
  ```python        by Python
  ```LANG NAME     written to the file NAME (folders are made), not run
  ```text          what the block before shows, exactly, but for "...", which stands for anything, also for lines
A comment <!-- not run --> before a block leaves it out. A block that shows ERROR or error in its text block may fail;
any other must succeed. --record writes the text blocks that have no "..." from what is shown.
The environment says where the server is (PGHOST, PGPORT, PGUSER); DATABASE_URL is made of it.
"""

import difflib
import os
import re
import signal
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(?P<what>[a-z]+)(?: (?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Page:
    def __init__(self, path, folder):
        self.path = path
        self.folder = folder
        self.environment = dict(os.environ, TMPDIR=folder, HOME=folder, PSQL_PAGER="", PGCONNECT_TIMEOUT="10", PYTHONWARNINGS="ignore")
        self.environment["DATABASE_URL"] = self.url("postgres")
        self.groups = []

    def url(self, database):
        environment = self.environment
        return f"postgresql://{environment['PGUSER']}@/{database}?host={environment['PGHOST']}&port={environment['PGPORT']}"

    def run(self, what, text):
        """Run a block; returns what it shows, and whether it failed."""
        if what == "sql":
            command, given = ["psql", "-X", "-v", "ON_ERROR_STOP=1"], text
        elif what == "python":
            command, given = [sys.executable, "-"], text
        else:
            command, given = ["sh", "-e", "-c", text], None
        with tempfile.TemporaryFile("w+") as out:
            child = subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, start_new_session=True,
                                     stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL, stdout=out, stderr=out)
            self.groups.append(child.pid)
            try:
                child.communicate(given, timeout=120)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
            out.seek(0)
            shown = out.read()
        if what == "sh":
            for name, value in re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE):
                self.environment[name] = value.strip("'\"")
                if name == "PGDATABASE":
                    self.environment["DATABASE_URL"] = self.url(value)
        return shown, child.returncode != 0

    def end(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass


def agrees(shown, wanted):
    """What is shown is what the page says, "..." standing for anything."""
    pattern = ".*".join(re.escape(part) for part in wanted.rstrip().split("..."))
    return re.fullmatch(pattern, shown.rstrip(), re.DOTALL) is not None


def run_section(page, text, record):
    """Run the blocks of one section; returns its text, renewed when recording, and what was wrong."""
    wrong = []
    last = None
    pieces = []
    end = 0

    def check_last():
        if last and last[2] and not last[3]:
            wrong.append(f"failed:\n{last[0]}{last[1]}")

    for block in BLOCK.finditer(text):
        what, name, body = block["what"], block["name"], block["text"]
        if text[:block.start()].rstrip().endswith("<!-- not run -->"):
            continue
        if what == "text":
            if last is None:
                continue
            shown = "\n".join(line.rstrip() for line in last[1].split("\n"))
            if record and "..." not in body:
                pieces += [text[end:block.start("text")], shown.rstrip() + "\n"]
                end = block.end("text")
                body = shown
            elif not agrees(shown, body):
                difference = "\n".join(difflib.unified_diff(body.split("\n"), shown.split("\n"), "the page", "shown", lineterm=""))
                wrong.append(f"{last[0]}shows something else:\n{difference}")
            last = (last[0], last[1], last[2], "ERROR" in body or "error" in body or last[3])
        elif name:
            path = os.path.join(page.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(body)
        else:
            check_last()
            shown, bad = page.run(what, body)
            last = (body, shown, bad, False)
    check_last()
    pieces.append(text[end:])
    return "".join(pieces), wrong


def main():
    arguments = sys.argv[1:]
    record = arguments[0] == "--record"
    if record:
        arguments.pop(0)
    leave_out = []
    if arguments[0] == "--leave-out":
        leave_out = arguments[1].split()
        arguments = arguments[2:]
    path, only = arguments[0], (arguments[1:] or [""])[0].lstrip("#")
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"^(?=## )", file.read(), flags=re.MULTILINE)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        page = Page(path, folder)
        for number, part in enumerate(parts):
            title = part.split("\n")[0].lstrip("# ")
            key = f"{os.path.basename(path)[:-3]}#{title.split(' ')[0].rstrip('.')}"
            if key in leave_out or not BLOCK.search(part) or (only and number > 0 and only not in (title, title.split(" ")[0].rstrip("."))):
                continue
            parts[number], wrong = run_section(page, part, record)
            if wrong:
                failed += 1
                print(f"FAILED {path}: {title}")
                print("\n".join("    " + line for text in wrong for line in text.split("\n")))
            else:
                passed += 1
        page.end()
    if record:
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(parts))
    print(f"{passed} passed, {failed} failed")


main()
