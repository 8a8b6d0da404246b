"""Results of the suites: the lines of a run below build/, and the short form kept in results/.

The short form has the numbers and the names of what failed or was left out; what passed is counted only.
"""

import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def results_path(server, suite):
    return os.path.join(ROOT, "build", "suites", "results", server, f"{suite}.jsonl")


def load(path):
    """load - {name: (outcome, reason)} of a run; of a test begun and not ended nothing"""
    found = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                if "name" in entry:
                    found[entry["name"]] = (entry["outcome"], entry.get("reason", ""))
    return found


def store_path(server, suite):
    return os.path.join(HERE, "results", server, f"{suite}.json")


def stored(server, suite):
    """stored - the short form of a suite's results on a server"""
    path = store_path(server, suite)
    if not os.path.exists(path):
        return {"passed": 0, "failed": {}, "skipped": [], "parts": []}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_store(server, suite, results, parts):
    """write_store - keep the short form"""
    path = store_path(server, suite)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    where = re.compile(r"(?:/|%2F)(?:[\w.+-]+(?:/|%2F)){1,}")
    short = {
        "parts": sorted(parts),
        "passed": sum(1 for outcome, _ in results.values() if outcome == "passed"),
        "failed": {name: where.sub("…/", reason) for name, (outcome, reason) in sorted(results.items()) if outcome == "failed"},
        "skipped": sorted(name for name, (outcome, _) in results.items() if outcome == "skipped"),
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(short, file, indent=0, ensure_ascii=False)
        file.write("\n")
