"""Long figures in pieces: what has been measured is kept in a state directory, a second run goes on."""

import json
import os
import time


class Segments:
    """A directory with `results.jsonl`, one measured segment a line, told apart by its key.

    A segment is measured in one go; between segments everything may stop. The directory also holds the
    servers' data, so a curve of 30 minutes goes on with the files as the last segment left them.
    """

    def __init__(self, directory, limit_s=None):
        self.directory = os.path.abspath(directory)
        self.path = os.path.join(self.directory, "results.jsonl")
        self.deadline = None if limit_s is None else time.monotonic() + limit_s
        os.makedirs(self.directory, exist_ok=True)
        os.chmod(self.directory, 0o755)
        self.done = {}
        if os.path.exists(self.path):
            with open(self.path, encoding="ascii") as file:
                for line in file:
                    result = json.loads(line)
                    self.done[tuple(result["key"])] = result

    def has_time(self, seconds):
        """Whether a segment of this length still fits into the time given to this run."""
        return self.deadline is None or time.monotonic() + seconds <= self.deadline

    def get(self, *key):
        return self.done.get(key)

    def put(self, *key, **values):
        result = {"key": list(key), "at": round(time.time()), **values}
        self.done[key] = result
        with open(self.path, "a", encoding="ascii") as file:
            file.write(json.dumps(result) + "\n")
        return result
