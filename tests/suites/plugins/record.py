"""What the runners of the suites share: a file with one line of JSON for each test that began or ended.

A line is {"begin": name} or {"name": name, "outcome": "passed" | "failed" | "skipped", "reason": text}. The later line of
a name counts. Tests that have ended are not run again; SUITES_UNTIL says when to stop. The driver of the suites reads the
file while they run: a test that has begun and does not end for too long is killed and noted as failed.
"""

import json
import os
import re
import time


class Record:
    """Record - the results file named by SUITES_RECORD"""

    def __init__(self):
        self.path = os.environ["SUITES_RECORD"]
        self.until = float(os.environ.get("SUITES_UNTIL", "0"))
        self.outcomes = {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as lines:
                for line in lines:
                    entry = json.loads(line)
                    if "name" in entry:
                        self.outcomes[entry["name"]] = entry["outcome"]
        self.file = open(self.path, "a", encoding="utf-8", buffering=1)

    def done(self, name):
        return name in self.outcomes

    def late(self):
        return self.until and time.time() > self.until

    def write(self, entry):
        self.file.write(json.dumps(entry) + "\n")

    def begin(self, name):
        self.write({"begin": name})

    def end(self, name, outcome, reason=""):
        """A test may end several times (its teardown, its sub-tests): the worst outcome stays."""
        rank = {"passed": 0, "skipped": 1, "failed": 2}
        if rank[outcome] < rank.get(self.outcomes.get(name), 0):
            return
        if outcome == "failed" and self.outcomes.get(name) == "failed":
            return
        self.outcomes[name] = outcome
        self.write({"name": name, "outcome": outcome, "reason": reason})


def one_line(text, length=300):
    return re.sub(r"\s+", " ", str(text)).strip()[:length]


def code_of(error):
    """code_of - SQLSTATE of a driver's error, or None"""
    code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if code is None and error.args and isinstance(error.args[0], dict):
        code = error.args[0].get("C")
    return code if isinstance(code, str) and len(code) == 5 else None


def message_of(error):
    if error.args and isinstance(error.args[0], dict):
        return error.args[0].get("M", "")
    return str(error).split("\n")[0]


def reason_of(error):
    """reason_of - SQLSTATE and text of the server's error behind an exception, else its type and text"""
    seen = set()
    queue = [error]
    while queue:
        one = queue.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        code = code_of(one)
        if code and code not in ("25P02",):
            return one_line(f"{code} {message_of(one)}")
        queue += [getattr(one, "orig", None), one.__cause__, one.__context__]
    return one_line(f"{type(error).__name__}: {error}")
