"""terminal.py - what psql shows a person at a terminal: prompts, tab completion, \\password, \\prompt, \\s, \\e

Usage: terminal.py SOCKET_DIR PART OUT      PART: completion prompts password

A dialogue is typed into psql on a pseudo terminal; what the terminal shows goes to OUT. Each entry is sent when
psql shows its prompt again: after a TAB the line is thrown away by Ctrl-U and a line that psql echoes back marks the end. run.sh compares the transcripts of dassie and PostgreSQL, which it records by --record.
"""

import os
import pty
import re
import select
import struct
import subprocess
import sys
import fcntl
import tempfile
import termios
import time

SETUP = """
CREATE SCHEMA garden;
CREATE TABLE flower (id int PRIMARY KEY, name text, colour text, height numeric);
CREATE TABLE flowerbed (id int, flower_id int REFERENCES flower, place text);
CREATE TABLE garden.tool (id int, tool_name text, "Tool Price" int);
CREATE TABLE "Upper Case" (a int);
CREATE VIEW flowering AS SELECT name FROM flower;
CREATE SEQUENCE flower_numbers;
CREATE INDEX flower_colour ON flower (colour);
"""

# What a person types before TAB; all that can come next is listed.
COMPLETIONS = (
    "SEL", "sel", "CR", "CREATE T", "CREATE U", "DROP TABLE f", "DROP VIEW ", "DROP SEQUENCE ", "DROP INDEX fl", "DROP SCHEMA g",
    "SELECT * FROM f", "SELECT * FROM fl", "SELECT * FROM garden.", "SELECT * FROM pg_stat_u", "SELECT * FROM \"Up",
    "SELECT * FROM information_schema.col", "INSERT INTO f", "INSERT INTO flower ", "INSERT INTO flower (",
    "UPDATE flow", "UPDATE flower SET ", "UPDATE flower SET co", "DELETE FROM flower", "DELETE FROM flower ", "TRUNCATE f",
    "SELECT name FROM flower WHERE ", "SELECT name FROM flower WHERE he", "SELECT * FROM flower ORDER BY na", "TABLE fl",
    "ALTER TABLE flower ", "ALTER TABLE flower ADD ", "ALTER TABLE flower DROP COLUMN ", "ALTER TABLE flower DROP CONSTRAINT ",
    "ALTER TABLE flower ALTER COLUMN h", "ALTER TABLE flower ALTER COLUMN height ", "ALTER TABLE flowerbed VALIDATE CONSTRAINT ",
    "ALTER TABLE flower RENAME COLUMN ", "ALTER INDEX fl", "ALTER SEQUENCE fl", "ALTER VIEW fl", "ALTER SYSTEM SET wal_l",
    "CREATE INDEX ON flower (", "CREATE INDEX ON flower USING ", "CREATE TABLE x (a numer", "COMMENT ON ", "COMMENT ON COLUMN flower.",
    "SET work_", "SET TimeZone TO 'Europe/B", "SET enable_seqs", "SET client_min_messages TO ", "SHOW wal_b", "RESET work_m", "SET SESSION ",
    "BEGIN ISOLATION LEVEL ", "SET TRANSACTION ISOLATION LEVEL ", "START TRANSACTION READ ", "COMMIT ", "ROLLBACK TO ",
    "COPY fl", "COPY flower FROM ", "COPY flower TO STDOUT WITH (", "EXPLAIN (", "EXPLAIN (ANALYZE, BUFF", "VACUUM (", "VACUUM flower",
    "ANALYZE fl", "LOCK TABLE fl", "LOCK TABLE flower IN ", "REINDEX ", "REINDEX TABLE fl", "GRANT SEL", "GRANT SELECT ON fl",
    "GRANT SELECT ON flower TO post", "REVOKE ALL ON ", "CREATE DATABASE x TEMPLATE te", "DROP DATABASE post", "SECURITY LABEL ON ",
    "SELECT upper(na", "SELECT 1::numer", "LISTEN ", "FETCH ", "DECLARE c ", "PREPARE TRANSACTION ", "REFRESH MATERIALIZED VIEW ",
    "\\d flo", "\\d garden.", "\\dt f", "\\dv ", "\\di flower_", "\\ds ", "\\dn g", "\\du post", "\\l tem", "\\df pg_get_viewd", "\\dT integ", "\\sv ",
    "\\c post", "\\encoding UTF", "\\pset bor", "\\pset format ", "\\pset linestyle ", "\\set VERB", "\\set VERBOSITY ", "\\unset FETCH_",
    "\\x ", "\\h DROP TAB", "\\da arr", "\\do ", "\\dAo btr", "\\dconfig wal_wr", "\\p", "\\copy flo", "\\lo_", "\\g",
)


# Prompts: in a string, in parentheses, in a comment, in COPY, in a transaction and after an error in one.
LINES = (
    ("SELECT 'a", "b'", ";"), ("SELECT (1", "+ 1)", ";"), ("SELECT $x$ a", "$x$ AS dollar", ";"), ("SELECT /* a", "*/ 1", ";"),
    ("SELECT 1 AS \"a", "b\"", ";"), ("BEGIN;", "SELECT 1;", "SELECT 1/0;", "SELECT 1;", "ROLLBACK;"),
    ("COPY flower (id, name) FROM STDIN;", "1\trose", "2\ttulip", "\\."), ("\\set PROMPT1 'postgres:%n%# '", "SELECT 1;"),
    ("\\set PROMPT1 'postgres%R%x%# '",), ("\\if false", "SELECT 1;", "\\endif"),
    ("SELECT 1 AS edited", "\\e", "\\r"), ("\\ev flowering", "\\r"), ("\\conninfo",), ("\\d flower",),
    ("\\timing", "TABLE flower;", "\\timing"), ("\\x", "TABLE flower;", "\\x"), ("\\?",), ("\\h ABORT",),
)

PROMPT = r"(^|\n)(postgres\S*[#>]|>>) $"


class Terminal:
    """psql on a pseudo terminal of 24 lines of 100 columns."""

    def __init__(self, socket_dir, home):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        inputrc = os.path.join(home, "inputrc")
        with open(inputrc, "w", encoding="ascii") as file:
            file.write("set show-all-if-ambiguous on\nset completion-query-items 0\nset page-completions off\nset bell-style none\n"
                       "set enable-bracketed-paste off\nset horizontal-scroll-mode off\n")
        environment = dict(os.environ, TERM="dumb", HOME=home, INPUTRC=inputrc, PSQL_PAGER="", PSQL_EDITOR="cat",
                           PSQL_HISTORY=os.path.join(home, "history"))
        place = os.path.join(home, "place")  # file names are completed, too: the same everywhere
        os.makedirs(os.path.join(place, "beds"))
        for name in ("rose.csv", "tulip.csv"):
            with open(os.path.join(place, name), "w", encoding="ascii"):
                pass
        self.socket_dir = socket_dir
        self.process = subprocess.Popen(
            ["psql", "-X", "-h", socket_dir, "-U", "postgres", "-d", "postgres"],
            cwd=place, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.marks = 0

    def until(self, end, seconds=20):
        """What the terminal shows up to something that the pattern end finds."""
        shown = ""
        deadline = time.monotonic() + seconds
        while not re.search(end, shown):
            if not select.select([self.master], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise TimeoutError(f"no {end!r} in {shown!r}")
            try:
                shown += os.read(self.master, 65536).decode()
            except OSError as error:
                raise EOFError(f"psql ended: {shown!r}") from error
        return shown

    def type(self, text):
        os.write(self.master, text.encode())

    def say(self, line):
        """Type a line; returns what is shown up to the next prompt, and that. Typing before it would be echoed twice."""
        self.type(line + "\n")
        return self.until(PROMPT)

    def complete(self, words):
        """Type words and TAB; returns what is shown, and throws the line away: whatever is on it now is not run."""
        self.marks += 1
        self.type(f"{words}\t\x05\x15\\echo mark '-' {self.marks}\n")
        return self.until(f"mark - {self.marks}\r(?s:.*)" + PROMPT).split("\\echo mark")[0]

    def close(self):
        self.type("\\q\n")
        os.set_blocking(self.master, False)
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
            try:
                os.read(self.master, 65536)
            except OSError:
                pass
        if self.process.poll() is None:
            self.process.kill()
        os.close(self.master)
        return self.process.wait()


def clean(shown, socket_dir):
    """A transcript without what differs from run to run."""
    shown = shown.replace(socket_dir, "SOCKET_DIR").replace("\r\n", "\n").replace("\r", "\n")
    shown = re.sub(r"Time: [0-9.]+ ms.*", "Time: SOME ms", shown)
    shown = re.sub(r"(?s)(General\n).*(Variables\n.*)", r"\1...\n\2", shown)
    return "\n".join(line.rstrip() for line in shown.split("\n"))


def dialogue(terminal, part, out):
    """Type what belongs to a part and write what is shown."""
    def keep(title, shown):
        out.write(f"== {title}\n{clean(shown, terminal.socket_dir).rstrip()}\n")

    terminal.until(PROMPT)
    for statement in SETUP.strip().split("\n"):
        terminal.say(statement)
    if part == "completion":
        for words in COMPLETIONS:
            keep(words + "<TAB>", terminal.complete(words))
    elif part == "prompts":
        for lines in LINES:
            keep(" / ".join(lines), "".join(terminal.say(line) for line in lines))
        terminal.type("\\prompt 'How many? ' many\n")
        terminal.until(r"\nHow many\? $")
        terminal.say("seven")
        keep("\\prompt", terminal.say("\\echo :many"))
        history = os.path.join(os.path.dirname(out.name), "history.out")
        terminal.say(f"\\s {history}")
        with open(history, encoding="utf-8") as file:
            keep("\\s", "".join(line for line in file if line.startswith("TABLE")))
    else:
        for role, first, second in (("postgres", "open sesame", "open sesame"), ("postgres", "one", "two"), ("nosuch", "x", "x")):
            terminal.type(f"\\password {role}\n")
            shown = terminal.until("Enter new password for user .*: $")
            terminal.type(first + "\n")
            shown += terminal.until("Enter it again: $")
            keep("\\password", shown + terminal.say(second))
        terminal.say("SELECT split_part(rolpassword, '$', 1), length(rolpassword)")
        keep("kept as a verifier", terminal.say("FROM pg_authid WHERE rolname = 'postgres';"))


def main():
    socket_dir, part, path = sys.argv[1:]
    with tempfile.TemporaryDirectory() as home, open(path, "w", encoding="utf-8") as out:
        terminal = Terminal(socket_dir, home)
        try:
            dialogue(terminal, part, out)
        finally:
            status = terminal.close()
        out.write(f"== exit code {status}\n")


main()
