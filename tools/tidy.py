#!/usr/bin/env python3
"""tidy.py - checks of the source tree that a compiler does not make

Usage: tools/tidy.py [RULE ...]

Every rule is a function named check_*; it yields findings as (path, line, text). All of them run in
`make tidy` and in ./test; each counts as one test case. Exceptions to the length limits are listed in
tools/tidy_allow.txt with their present size: the list may only shrink, and an entry that is larger than
needed, or not needed any more, is a finding too.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ALLOW_FILE = "tools/tidy_allow.txt"

FILE_LINES_MAX = 1500
FUNCTION_LINES_MAX = 120
COMMENT_FROM_LINES = 20

# Low to high; a folder may include only itself and those before it (docs/ARCHITECTURE.md).
FOLDERS = (
    "base os vec wal store txn btree tsearch type table recovery catalog parse bind expr plan exec func contrib ddl plpgsql"
    " proto server"
).split()

# Calls that are never right: unbounded, not reentrant, or silently wrong on bad input.
BANNED_ANYWHERE = {
    "strcpy": "use memcpy with a known length or Buf",
    "strcat": "use Buf",
    "sprintf": "use snprintf or Buf",
    "vsprintf": "use vsnprintf or Buf",
    "strtok": "parse by hand or strtok_r",
    "atoi": "use a parser that reports errors",
    "atol": "use a parser that reports errors",
    "atoll": "use a parser that reports errors",
    "atof": "use a parser that reports errors",
    "gets": "unbounded",
    "alloca": "use an arena",
}
BANNED_IN_SRC = {"setjmp": "return a Status", "longjmp": "return a Status"}
MEMORY_CALLS = ("malloc", "calloc", "realloc", "free", "strdup", "strndup", "asprintf", "vasprintf")
MEMORY_FOLDERS = ("base", "parse")
SYSTEM_CALLS = (
    "open openat creat read write pread pwrite preadv pwritev readv writev lseek fsync fdatasync ftruncate"
    " fallocate unlink rename mmap munmap madvise clock_gettime gettimeofday time nanosleep usleep sleep rand"
    " random srand srandom getrandom pthread_create pthread_mutex_lock pthread_cond_wait sched_yield fopen"
).split()
SYSTEM_FOLDERS = ("os",)
# Sockets, pipes and signals are the server's and are not simulated (src/os/os.h).
# The log of src/base stamps its lines, and arenas take pages from the system: both are below src/os.
SYSTEM_ALLOWED = {"base": {"time", "mmap", "munmap", "madvise"}, "server": {"read", "write", "writev", "readv", "unlink", "open"}}

# The verbs of the life cycle mean the same everywhere (docs/ARCHITECTURE.md), so they need no comment.
LIFE_CYCLE = re.compile(r"_(init|release|clear|create|free|open|close)$")

MARKERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home)/\w|\bdeb\.debian\.org\b|\bpypi\.org\b|\blocalhost:\d{4,5}/(?:simple|debian)")


class Source:
    """One C file: its text, the text without comments and strings, and its functions."""

    def __init__(self, path):
        self.path = path
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        self.code = blank_comments(self.text).split("\n")
        parts = path.split("/")
        self.folder = parts[1] if parts[0] == "src" and len(parts) > 2 else None
        self.functions = list(find_functions(self))


class Function:
    def __init__(self, name, static, start, signature, end):
        self.name, self.static = name, static
        self.start, self.signature, self.end = start, signature, end  # 0-based lines

    @property
    def length(self):
        return self.end - self.signature + 1


def blank_comments(text):
    """The text with comments, strings and character constants replaced by blanks, line by line."""

    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[0]
        return re.sub(r"[^\n]", " ", token)

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def find_functions(source):
    """Function bodies; clang-format puts the braces of functions, and of nothing else, in column 0."""
    code = source.code
    for number, line in enumerate(code):
        if line != "{":
            continue
        first = number - 1
        while first > 0 and code[first][:1] in (" ", "\t"):
            first -= 1
        signature = re.sub(r"__attribute__\s*\(\(.*?\)\)+", "", " ".join(code[first:number]))
        names = [n for n in re.findall(r"(\w+)\s*\(", signature) if n != "alignas"]
        end = next((n for n in range(number, len(code)) if code[n].startswith("}")), len(code) - 1)
        # A name in capitals is a macro that makes a function (ROW_KERNEL): it has a comment of its own.
        if names and not names[0].isupper():
            yield Function(names[0], bool(re.match(r"\s*static\b", signature)), first, first, end)


def comment_above(source, line):
    """The text of the comment that ends directly above a line, without its stars; None if there is none."""
    last = line - 1
    if last < 0 or not source.lines[last].rstrip().endswith("*/"):
        return None
    first = last
    while first > 0 and "/*" not in source.lines[first]:
        first -= 1
    text = "\n".join(source.lines[first : last + 1])
    return re.sub(r"^\s*/?\*+/?|\*/\s*$", "", text, flags=re.M).strip()


def tracked_files():
    """Files of the tree, committed or not, that git does not ignore; without git, those that look so."""
    try:
        out = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout
        paths = [path for path in out.split("\n") if path]
    except (OSError, subprocess.CalledProcessError):
        paths = []
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [name for name in folders if not re.match(r"build\b|\.git$|__pycache__$|.*\.db-", name)]
            paths += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names if ".db" not in name]
    return sorted(path for path in paths if os.path.isfile(os.path.join(ROOT, path)))


FILES = tracked_files()
SOURCES = [Source(path) for path in FILES if path.endswith((".c", ".h"))]


def load_allowed():
    allowed = {}
    with open(os.path.join(ROOT, ALLOW_FILE), encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].split()
            if line:
                allowed[line[0]] = int(line[1])
    return allowed


def check_format():
    """Formatted by clang-format-14."""
    paths = [source.path for source in SOURCES]
    batches = [paths[n::8] for n in range(8) if paths[n::8]]

    def run(batch):
        return subprocess.run(
            ["clang-format-14", "--dry-run", "--ferror-limit=1", *batch], cwd=ROOT, capture_output=True, text=True
        ).stderr

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for output in pool.map(run, batches):
            for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): .*clang-format", output, flags=re.M):
                yield match.group(1), int(match.group(2)), "not formatted (make format)"


def check_length():
    """File and function lengths."""
    allowed = load_allowed()
    sizes = {}
    for source in SOURCES:
        sizes[source.path] = (len(source.lines) - 1, FILE_LINES_MAX, 1)
        for function in source.functions:
            sizes[f"{source.path}:{function.name}"] = (function.length, FUNCTION_LINES_MAX, function.signature + 1)
    for key, (size, limit, line) in sizes.items():
        path = key.split(":")[0]
        if size > limit and size > allowed.get(key, 0):
            yield path, line, f"{key} has {size} lines, the limit is {max(limit, allowed.get(key, 0))}"
    for key, size in allowed.items():
        actual = sizes.get(key, (0, 0, 0))[0]
        if actual < size:
            yield ALLOW_FILE, 1, f"{key} has {actual} lines now, the list says {size}: lower or remove the entry"


def check_includes():
    """Includes point downward, and to internal headers of the own folder only."""
    for source in SOURCES:
        for number, line in enumerate(source.lines, 1):
            match = re.match(r'#include "([^"]+)"', line)
            if not match:
                continue
            included = match.group(1)
            folder = included.split("/")[0] if "/" in included else source.folder
            if source.folder is None:
                continue
            if included.endswith("_internal.h") and folder != source.folder:
                yield source.path, number, f"{included} is internal to src/{folder}"
            elif folder not in FOLDERS:
                # Generated headers are included by their plain name, which is the own folder.
                yield source.path, number, f"{included}: no such folder in the order of folders"
            elif FOLDERS.index(folder) > FOLDERS.index(source.folder):
                yield source.path, number, f"src/{source.folder} may not use src/{folder}, which is above it"


def header_declarations():
    """(source, line, name, documented) of every function that a header of src declares.

    Documented means a comment of its own, at its line or above it, or one above its group of lines; the verbs of
    the life cycle need none.
    """
    for source in SOURCES:
        if not source.path.endswith(".h") or source.folder is None:
            continue
        inside = [False] * len(source.lines)
        for function in source.functions:
            inside[function.start : function.end + 1] = [True] * (function.end + 1 - function.start)
        for number, line in enumerate(source.code):
            starts = re.match(r"(?!static\b|typedef\b|struct\b.*\{|#|return\b|extern \")[A-Za-z_][\w \*]*?\b(\w+)\(", line)
            if not starts or inside[number] or "=" in line.split("(")[0]:
                continue
            above = number - 1
            while above >= 0 and source.lines[above].strip() and "*/" not in source.lines[above]:
                above -= 1
            grouped = above >= 0 and "*/" in source.lines[above]
            own = "/*" in source.lines[number] or LIFE_CYCLE.search(starts.group(1))
            yield source, number + 1, starts.group(1), bool(grouped or own)


def check_header_comments():
    """A function declared in a public header has a comment, its own or that of its group of lines."""
    for source, line, name, documented in header_declarations():
        if not documented and not source.path.endswith("_internal.h"):
            yield source.path, line, f"{name} is declared without a comment"


def check_function_comments():
    """A long function of src has a comment that starts with its name, or is documented where it is declared."""
    declared = {name for _, _, name, documented in header_declarations() if documented}
    for source in SOURCES:
        if source.folder is None:
            continue
        for function in source.functions:
            if function.length <= COMMENT_FROM_LINES or function.name == "main":
                continue
            comment = comment_above(source, function.start) or ""
            named = re.match(r"[\w ,/]*\b%s\b" % re.escape(function.name), comment)
            if not named and (function.static or function.name not in declared):
                yield source.path, function.signature + 1, (
                    f"{function.name} ({function.length} lines) has no comment that starts with its name"
                )


def check_file_comments():
    """A C file starts with a comment that starts with the file's name."""
    for source in SOURCES:
        if source.path.endswith(".c"):
            name = os.path.basename(source.path)
            if not re.match(r"/\*\s*\*?\s*%s - \w" % re.escape(name), source.text):
                yield source.path, 1, f"the file does not start with a comment '{name} - what it is'"


def calls(source):
    """(line, name) of everything called by plain name."""
    for number, line in enumerate(source.code, 1):
        for match in re.finditer(r"(?<![\w.>])([a-z_]\w*)\s*\(", line):
            yield number, match.group(1)


def check_banned_calls():
    """Calls that are not made, or not in this folder."""
    for source in SOURCES:
        if source.path.split("/")[0] not in ("src", "tests", "bench"):
            continue
        own = {function.name for function in source.functions}
        for number, name in calls(source):
            if name in own:
                continue
            if name in BANNED_ANYWHERE:
                yield source.path, number, f"{name}: {BANNED_ANYWHERE[name]}"
            if source.folder is None:
                continue
            if name in BANNED_IN_SRC:
                yield source.path, number, f"{name}: {BANNED_IN_SRC[name]}"
            elif name in MEMORY_CALLS and source.folder not in MEMORY_FOLDERS:
                yield source.path, number, f"{name}: memory comes from arenas and mem_alloc (src/base)"
            elif (
                name in SYSTEM_CALLS
                and source.folder not in SYSTEM_FOLDERS
                and name not in SYSTEM_ALLOWED.get(source.folder, ())
            ):
                yield source.path, number, f"{name}: files, clocks, waits and randomness go through src/os"


def check_unique_names():
    """Names of functions and of source files are unique in the tree."""
    seen = {}
    for source in SOURCES:
        for function in source.functions:
            if function.name == "main":
                continue
            first = seen.setdefault(function.name, source.path)
            # The two branches of an #if in one file may both define a function.
            if first != source.path:
                yield source.path, function.signature + 1, f"{function.name} is also in {first}"
    seen = {}
    for source in SOURCES:
        first = seen.setdefault(os.path.basename(source.path), source.path)
        if first != source.path:
            yield source.path, 1, f"a file of this name is also at {first}"


def text_files():
    for path in FILES:
        if path == "tools/tidy.py" or path.endswith((".dat", ".facts", ".png", ".out", ".tsv")):
            continue
        try:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                yield path, file.read().split("\n")
        except UnicodeDecodeError:
            yield path, []


def check_markers():
    """No notes of unfinished work, no paths or hosts of one machine."""
    for path, lines in text_files():
        for number, line in enumerate(lines, 1):
            if MARKERS.search(line):
                yield path, number, f"left over: {MARKERS.search(line).group(0)}"
            if MACHINE.search(line):
                yield path, number, f"a path or host of one machine: {MACHINE.search(line).group(0)}"


def check_whitespace():
    """No trailing blanks, tabs only where they mean something, one newline at the end."""
    for path, lines in text_files():
        if path.endswith((".sql", ".spec")) or path == "LICENSE":
            continue
        for number, line in enumerate(lines, 1):
            if line.rstrip("\r") != line or line.rstrip() != line:
                yield path, number, "blanks at the end of the line"
            if "\t" in line and path != "Makefile":
                yield path, number, "a tab"
        if len(lines) > 1 and (lines[-1] != "" or lines[-2] == ""):
            yield path, len(lines), "the file does not end with exactly one newline"


def check_build_lists():
    """Every C file is in the build, every folder of code has a README."""
    lists = {}
    for path in FILES:
        if path.endswith("meson.build"):
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                lists[os.path.dirname(path)] = file.read()
    for source in SOURCES:
        if not source.path.endswith(".c") or not source.path.startswith(("src/", "tests/unit/")):
            continue
        folder, name = os.path.split(source.path)
        if source.path == "src/server/main.c":
            continue
        if not re.search(r"'%s(?:\.c)?'" % re.escape(name[:-2]), lists.get(folder, "")):
            yield source.path, 1, f"not listed in {folder}/meson.build"
    for folder in sorted({source.folder for source in SOURCES if source.folder and source.path.endswith(".c")}):
        if f"src/{folder}/README.md" not in FILES:
            yield f"src/{folder}", 1, "the folder has no README.md"


def main():
    rules = {name[6:]: rule for name, rule in globals().items() if name.startswith("check_")}
    wanted = sys.argv[1:] or list(rules)
    failed = 0
    for name in wanted:
        findings = sorted(set(rules[name]()))
        failed += bool(findings)
        for path, line, text in findings:
            print(f"{path}:{line}: {text} [{name}]")
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
