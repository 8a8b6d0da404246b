"""Arms faults below a running server: the Python side of iofault.c.

A Fault says which calls on which files fail, how, and how many from the n-th on. A Control is the file that server and
test map together; `environment` is what the server must be started with. Works with sanitizer builds: their runtime is
preloaded before.
"""

import errno
import mmap
import os
import struct
import subprocess

CALLS = ("open", "create", "read", "write", "sync", "allocate", "truncate", "unlink", "rename", "mkdir", "rmdir", "list")
CALLS += ("stat", "extend", "memory", "map")  # extend: a write behind the end of a file; write: any other
FILES = ("data", "log", "double", "temp", "other")
ALWAYS = 0xFFFFFFFF
LAYOUT = struct.Struct("<IIIIIiI")  # armed, calls, files, at, times, error, half
COUNTS = struct.Struct("<IIIQ")  # seen, failed, last, where
SIZE = 64


class Fault:
    """calls and files are names separated by blanks, or "all"; error is a name of errno or None (short reads, writes)."""

    def __init__(self, calls, error, files="all", times=1, half=False):
        self.calls, self.error, self.files, self.times, self.half = calls, error, files, times, half

    def __str__(self):
        error = (self.error or "short") + (" after half" if self.half and self.error else "")
        often = {1: "once", ALWAYS: "stays"}.get(self.times, f"{self.times} times")
        return f"{self.calls} {error} {often}" + (f" ({self.files})" if self.files != "all" else "")


def mask(names, of):
    """All calls are those on files."""
    return sum(1 << of.index(name) for name in of if name in names.split() or names == "all" and name not in ("memory", "map"))


class Control:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(SIZE))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), SIZE)

    def arm(self, fault, at=1):
        self.disarm()
        error = getattr(errno, fault.error) if fault.error else 0
        calls = mask(fault.calls, CALLS)
        COUNTS.pack_into(self.map, LAYOUT.size, 0, 0, 0, 0)
        LAYOUT.pack_into(self.map, 0, 0, calls, mask(fault.files, FILES), at, fault.times, error, fault.half)
        self.map[0:4] = struct.pack("<I", 1)

    def disarm(self):
        """Returns how many calls have failed."""
        self.map[0:4] = bytes(4)
        return self.failed()

    def seen(self):
        return COUNTS.unpack_from(self.map, LAYOUT.size)[0]

    def failed(self):
        return COUNTS.unpack_from(self.map, LAYOUT.size)[1]

    def last(self):
        """The last call that failed: "write log"."""
        bits = COUNTS.unpack_from(self.map, LAYOUT.size)[2]
        if not bits:
            return "nothing"
        return f"{CALLS[(bits & 0xFFFF).bit_length() - 1]} {FILES[(bits >> 16).bit_length() - 1]}"

    def where(self, program):
        """The function that asked for the memory that was refused."""
        address = COUNTS.unpack_from(self.map, LAYOUT.size)[3]
        command = ["addr2line", "-f", "-s", "-e", program, hex(address - 1)]
        return " ".join(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split())

    def environment(self, program, library, prefix):
        """For subprocess: the files are those whose path begins with `prefix`."""
        preload = [library]
        links = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout.split("\n")
        preload = [line.split()[2] for line in links if "lib" in line and "san.so" in line] + preload
        return {
            **os.environ,
            "LD_PRELOAD": " ".join(os.path.abspath(p) for p in preload),
            "IOFAULT_CONTROL": self.path,
            "IOFAULT_PREFIX": prefix,
        }


def library_of(program):
    """Beside the program in the build directory."""
    return os.path.join(os.path.dirname(os.path.abspath(program)), "tests", "faults", "iofault.so")
