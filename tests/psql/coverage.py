"""coverage.py - every backslash command that psql's own help lists is in a test of this folder

Usage: coverage.py           prints what is not covered; its last line is "N passed, N failed", one case a form of a command

psql --help=commands is the list. A form is a command with the letters that may follow: \\d[S+] has four. What is in
tests/psql/next counts apart, as that is not compared yet.
"""

import glob
import itertools
import os
import re
import subprocess
import sys

# What cannot be run by a file: why.
LEFT_OUT = {"\\restrict": "pg_dump's files have it", "\\unrestrict": "pg_dump's files have it"}


def variants(word):
    """\\df[anptw][S+] -> \\df \\dfa ... \\dfS \\df+ \\dfS+; \\c[onnect] -> \\c and \\connect."""
    head, *groups = re.split(r"\[([^\]]*)\]", word)
    if groups and groups[0] == "onnect":
        return [head, head + "onnect"]
    choices = []
    for group in groups[::2]:
        choices.append(["", "S", "+", "S+"] if group == "S+" else [""] + list(group))
    return [head + "".join(choice) for choice in itertools.product(*choices)]


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    help_text = subprocess.run(["psql", "--help=commands"], capture_output=True, text=True, check=True).stdout
    wanted = []
    for line in help_text.split("\n"):
        found = re.match(r"  (\\\S+)", line)
        if found:
            wanted += [form for form in variants(found.group(1)) if form not in wanted]

    def used(pattern):
        words = set()
        for path in glob.glob(os.path.join(folder, pattern)):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if path.endswith(".py"):
                text = text.replace("\\\\", "\\")
            words.update(re.findall(r"\\(?:[a-zA-Z_]+(?:S?\+|)|\?|!)", text))
        return words

    now, later = used("*.sql") | used("terminal.py"), used("next/*.sql")
    missing = [form for form in wanted if form not in now and form not in LEFT_OUT]
    for form in missing:
        print(f"{form}: {'only in tests/psql/next' if form in later else 'in no test'}")
    failed = sum(form not in later for form in missing)
    print(f"{len(wanted)} forms of commands, {len(wanted) - len(missing) - len(LEFT_OUT)} compared, {len(missing) - failed} waiting")
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
