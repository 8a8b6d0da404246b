"""Does a history of transactions obey its isolation levels? Which anomaly does it have if not?

What it reads: transactions as clients saw them (statements with the lists they appended to and read, when each was
sent and answered, how the transaction ended). Every element is appended once in the whole history, so a list read
tells who wrote each version and in which order: the version order of a key is the longest list read.
From that come the dependencies between transactions, as in the literature on dependency graphs of histories:
  ww  A's version of a key was replaced by B's        wr  B read A's version
  rw  B replaced the version that A read (rwp: A read by a predicate that the key did not fulfil)
  rt  A was answered before B was sent                own a transaction's reads come before its commit
Two graphs are searched for cycles.
  Instants: a commit is one instant, a snapshot another: one for a whole transaction at REPEATABLE READ and above, one
  for each statement at READ COMMITTED. "The commit is in the snapshot", "it is not", "it came after" order them in
  time; what PostgreSQL promises at these two levels is just that such instants exist, so any cycle is a violation.
  Transactions: each SERIALIZABLE one is a single point. Any cycle is a violation there; rt belongs to it, because the
  proof that serializable snapshot isolation is serializable goes through when "answered before sent" is an edge.
Beside cycles: aborted, intermediate and rolled-back reads, lists that contradict each other, elements lost or twice,
stale reads, a transaction that contradicts itself, rows an index should have found.

`python3 checker.py FILE` checks a history that a failed run has kept; a second argument is a level to check it at.
"""

import bisect
import json
import sys
from collections import defaultdict

RC, RR, SER = "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"
LEVELS = (RC, RR, SER)
OK, FAIL, INFO = "ok", "fail", "info"
KINDS = ("own", "ww", "wr", "rw", "rwp", "rt")  # of edges, the strongest first
FOREVER = float("inf")
GROUPS = 5  # the value a predicate asks for is the last element modulo this


class Op:
    """One statement. `reads` is [[key, list, predicate]], `appends` [[key, element]]. A key of a register starts
    with "r" and its reads are [value, number] until registers_to_lists."""

    __slots__ = ("start", "end", "reads", "appends", "misses", "locked", "undone", "not_yet")

    def __init__(self, start, end, reads=(), appends=(), misses=(), locked=False, undone=0):
        self.start, self.end = start, end
        self.reads, self.appends = list(reads), list(appends)
        self.misses = list(misses)  # [key, value]: the row was not among those whose last element % GROUPS is value
        self.locked = locked  # it read the newest version, not the snapshot's (writes and row locks)
        self.not_yet = []  # from misses: [key, version from which on the row would have been found]
        self.undone = undone  # when it was rolled back to a savepoint, else 0

    def gone(self, when):
        """Had it been rolled back by then?"""
        return bool(self.undone) and self.undone <= when


class Txn:
    __slots__ = ("name", "level", "ops", "status", "commit_start", "commit_end")

    def __init__(self, name, level, ops, status, commit_start, commit_end):
        self.name, self.level, self.ops, self.status = name, level, ops, status
        self.commit_start, self.commit_end = commit_start, commit_end


def to_json(txns, final):
    rows = [
        [t.name, t.level, t.status, t.commit_start, t.commit_end]
        + [[[o.start, o.end, o.reads, o.appends, o.misses, o.locked, o.undone] for o in t.ops]]
        for t in txns
    ]
    return json.dumps({"txns": rows, "final": final})


def from_json(text):
    data = json.loads(text)
    txns = [Txn(n, lv, [Op(*o) for o in ops], st, cs, ce) for n, lv, st, cs, ce, ops in data["txns"]]
    return txns, data["final"]


def registers_to_lists(txns, final):
    """A register's versions are numbered by the statements that write it; turn each read into the list of the values
    up to it. Returns anomalies: two committed writers with one number have lost an update."""
    found, chains, writers = [], defaultdict(dict), {}
    for t in txns:
        for op in t.ops:
            for key, value, number in (a for a in op.appends if len(a) == 3):
                writers[key, value] = (t, op, number)
    read = ((t, r[0], r[1]) for t in txns for op in t.ops for r in op.reads if r[0][0] == "r" and r[1])
    seen = {(key, value[0]): value[1] for t, key, value in read if writers.get((key, value[0]), (None,))[0] is not t}
    seen.update({(key, value[0]): value[1] for key, value in final.items() if key[0] == "r" and value})
    there = {id(writers[kv][0]) for kv in seen if kv in writers and writers[kv][0].status == INFO}
    for (key, value), (t, op, number) in writers.items():
        number = seen.get((key, value)) if number is None else number  # no answer came, but someone saw it
        if number and not op.undone and (t.status == OK or id(t) in there):
            if number in chains[key]:
                found.append(("lost-update", f"{key}: {chains[key][number]} and {value} are both number {number}"))
            chains[key][number] = value

    def as_list(key, read, reader, at=None):
        if not read:
            return []
        value, number = read
        writer = writers.get((key, value))
        own = []
        if writer and writer[0] is reader:
            before = reader.ops[: reader.ops.index(at) + 1]
            own = [a[1] for op in before if not op.gone(at.start) or op is writer[1] for a in op.appends if a[0] == key]
            number -= len(own)
        elif writer and (writer[0].status == FAIL or writer[1].undone):
            own, number = [value], number - 1  # an aborted value: the list shows it
        chain = chains[key]
        before = [chain.get(n, f"?{n}") for n in range(1, number + 1)]
        if not own and before and before[-1] != value:
            found.append(("incompatible-order", f"{key}: number {number} read as {value}, written as {before[-1]}"))
        return before + own

    for t in txns:
        for op in t.ops:
            for r in op.reads:
                if r[0][0] == "r":
                    r[1] = as_list(r[0], r[1], t, op)
    for t in txns:
        for op in t.ops:
            op.appends = [list(a[:2]) for a in op.appends]
    return found, {k: as_list(k, v, None) if k[0] == "r" else v for k, v in final.items()}


class Graph:
    """Nodes are numbers; an edge has a kind and a text. Time is a chain of extra nodes, so it costs O(n)."""

    def __init__(self):
        self.names, self.edges, self.times = [], [], []

    def node(self, name, start=None, end=None):
        self.names.append(name)
        self.edges.append({})
        if start is not None:
            self.times.append((start, end, len(self.names) - 1))
        return len(self.names) - 1

    def edge(self, a, b, kind, key=""):
        """Of several edges between two nodes the strongest stays: a cycle is named by what it needs least."""
        if a is not None and b is not None and a != b:
            old = self.edges[a].get(b)
            if old is None or KINDS.index(kind) < KINDS.index(old[0]):
                self.edges[a][b] = (kind, key)

    def add_time(self):
        ends = sorted((end, n) for _, end, n in self.times if end != FOREVER)
        keys = [e for e, _ in ends]
        chain = []
        for _, n in ends:
            c = self.node(None)
            if chain:
                self.edge(chain[-1], c, "rt")
            self.edge(n, c, "rt")
            chain.append(c)
        for start, _, n in self.times:
            at = bisect.bisect_left(keys, start)
            if at:
                self.edge(chain[at - 1], n, "rt")

    def components(self):
        """Strongly connected components of more than one node (Tarjan's algorithm, without recursion)."""
        index, low, on, stack, out = {}, {}, set(), [], []
        for root in range(len(self.names)):
            if root in index:
                continue
            work = [(root, iter(self.edges[root]))]
            index[root] = low[root] = len(index)
            stack.append(root)
            on.add(root)
            while work:
                v, rest = work[-1]
                for w in rest:
                    if w not in index:
                        index[w] = low[w] = len(index)
                        stack.append(w)
                        on.add(w)
                        work.append((w, iter(self.edges[w])))
                        break
                    if w in on:
                        low[v] = min(low[v], index[w])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[v])
                    if low[v] == index[v]:
                        group = []
                        while not group or group[-1] != v:
                            group.append(stack.pop())
                            on.discard(group[-1])
                        if len(group) > 1:
                            out.append(group)
        return out

    def cycle(self, group, start, kinds=None):
        """A shortest cycle through start within the group by edges of these kinds: [(from, kind, key, to)]."""
        inside, back, todo = set(group), {}, [start]
        while todo:
            nxt = []
            for v in todo:
                for w, (kind, key) in self.edges[v].items():
                    if w not in inside or w in back or (kinds and kind not in kinds):
                        continue
                    back[w] = (v, kind, key)
                    if w == start:
                        path, at = [], start
                        while not path or at != start:
                            v, kind, key = back[at]
                            path.append((v, kind, key, at))
                            at = v
                        return path[::-1]
                    nxt.append(w)
            todo = nxt
        return None

    def anomalies(self, per_group=12):
        """The cycles, each named and told. Of one component only so many starting points are tried."""
        for group in self.components():
            real = [n for n in group if self.names[n] is not None]
            told = set()
            for start in sorted(real)[:per_group]:
                for kinds in (("ww", "own"), ("ww", "wr", "own"), ("ww", "wr", "rw", "rwp", "own"), None):
                    path = self.cycle(group, start, kinds)
                    if path is not None:
                        break
                if path is None:
                    continue
                name = cycle_name(path)
                if name not in told:
                    told.add(name)
                    yield name, self.text(path)

    def text(self, path):
        words = []
        for a, kind, key, _ in path:
            if self.names[a] is not None:
                words.append(f"{self.names[a]} -{kind}{' ' + key if key else ''}->")
        return " ".join(words)


def cycle_name(path):
    """The name of a cycle by its edges."""
    steps = [(kind, key) for _, kind, key, _ in path if kind != "own"]
    steps = [s for i, s in enumerate(steps) if s[0] != "rt" or steps[i - 1][0] != "rt" or len(steps) == 1]
    kinds = [k for k, _ in steps]
    anti = [i for i, k in enumerate(kinds) if k in ("rw", "rwp")]
    real = [s for s in steps if s[0] != "rt"]
    late = "-realtime" if "rt" in kinds else ""
    if not anti:
        return ("G1c" if "wr" in kinds else "G0") + late
    if len(anti) == 1:
        others = [s for s in real if s[0] not in ("rw", "rwp")]
        if len(real) == 2 and others and not late:
            if others[0] == ("ww", real[0][1]) or others[0] == ("ww", real[1][1]):
                if real[0][1] == real[1][1]:
                    return "lost-update"
            if others[0][0] == "wr":
                return "fractured-read"
        return "G-single" + late
    if "rwp" in kinds:
        return "G2" + late
    adjacent = any((i + 1) % len(kinds) in anti for i in anti)
    return ("G2-item" if adjacent else "G-nonadjacent") + late


class History:
    """A history with everything derived from it; `rule` overrides the levels the transactions ran at."""

    def __init__(self, txns, final=None, rule=None):
        self.found = []
        self.final = final or {}
        if any(len(a) == 3 for t in txns for op in t.ops for a in op.appends):
            more, self.final = registers_to_lists(txns, self.final)
            self.found += more
        self.txns, self.rule = txns, rule
        self.writer = {}  # (key, element) -> (transaction, statement)
        self.appended = defaultdict(list)  # (id of transaction, key) -> its elements that were not undone
        for t in txns:
            for op in t.ops:
                for key, e in op.appends:
                    self.writer[key, e] = (t, op)
                    if not op.undone:
                        self.appended[id(t), key].append(e)
        self.order = {}
        self.observed = set()  # transactions of unknown outcome of which something was seen

    def level(self, t):
        return self.rule or t.level

    def say(self, name, text):
        self.found.append((name, text))

    # -- lists --

    def split(self, t, key, got):
        """(what others wrote, own suffix) of a list that t read."""
        at = len(got)
        while at and self.writer.get((key, got[at - 1]), (None,))[0] is t:
            at -= 1
        return got[:at], got[at:]

    def read_orders(self):
        """The version order of each key, and all that single lists show."""
        longest = {k: list(v) for k, v in self.final.items()}
        for t in self.txns if not self.final else ():
            for op in t.ops:
                for key, got, _ in op.reads:
                    others, own = self.split(t, key, got)
                    mine = got if t.status == OK and not op.undone and self.kept(t, key, own) else others
                    if len(mine) > len(longest.get(key, ())):
                        longest[key] = list(mine)
        self.order = longest
        self.place = {(k, e): i for k, v in longest.items() for i, e in enumerate(v)}
        for key, v in self.final.items():
            self.one_list("the end", None, None, key, v)
        for t in self.txns:
            for op in t.ops:
                for key, got, _ in op.reads:
                    self.one_list(t.name, t, op, key, got)

    def kept(self, t, key, own):
        return not any(self.writer[key, e][1].undone for e in own)

    def one_list(self, who, t, op, key, got):
        if len(set(got)) != len(got):
            self.say("duplicate", f"{who} read {key} {got}")
        others, own = self.split(t, key, got) if t else (got, [])
        if others != self.order.get(key, [])[: len(others)]:
            self.say("incompatible-order", f"{who} read {key} {others} beside {self.order.get(key)}")
        for e in others:
            writer = self.writer.get((key, e))
            if writer is None and str(e)[0] != "?":
                self.say("garbage", f"{who} read {key} {e}, which nobody wrote")
            elif writer is None:
                continue  # a register's value that only its number tells of
            elif writer[0] is t:
                self.say("G0", f"{who} found the writes of others after its own {e} in {key} {got}")
            elif writer[0].status == FAIL or writer[1].undone:
                self.say("G1a", f"{who} read {key} {e} of {writer[0].name}, which was rolled back")
            elif writer[0].status == INFO:
                self.observed.add(id(writer[0]))
        if others:
            last = self.writer.get((key, others[-1]))
            if last and last[0].status != FAIL and self.appended[id(last[0]), key][-1:] != [others[-1]]:
                if not last[1].undone:
                    self.say("G1b", f"{who} read {key} up to {others[-1]}, not the last of {last[0].name}")
        if op:
            for e in own:
                if self.writer[key, e][1].gone(op.start):
                    self.say("G1a", f"{who} read its own {key} {e} after rolling it back")

    def check_internal(self):
        """A transaction must agree with itself: own writes are seen, and a snapshot does not move."""
        for t in self.txns:
            seen, mine = {}, defaultdict(list)
            for op in t.ops:
                for key, e in op.appends:
                    mine[key].append((e, op))
                for key, got, _ in op.reads:
                    want = [e for e, by in mine[key] if not by.gone(op.start)]
                    others, own = self.split(t, key, got)
                    if own != want:
                        self.say("internal", f"{t.name} wrote {want} to {key} and read {got}")
                    before = seen.get(key)
                    moved = before is not None and before[0] != others
                    if moved and (self.level(t) != RC or before[1]):
                        self.say("internal", f"{t.name} read {key} as {before[0]}, then as {others}")
                    if not op.undone:
                        seen[key] = (others, bool(want) or op.locked and bool(got))

    def check_end(self):
        """What was acknowledged or seen is there at the end; a transaction of unknown outcome is there wholly or not."""
        if not self.final:
            return
        for (key, e), (t, op) in self.writer.items():
            if op.undone or (key, e) in self.place:
                continue
            if t.status == OK:
                self.say("lost-append", f"{key} {e} of {t.name} was acknowledged and is not there")
            elif id(t) in self.observed and not (op.start == op.end and len(op.appends) > 1):
                # (An UPDATE of several rows that was never answered need not have found all of them.)
                self.say("lost-append", f"{key} {e} of {t.name} is not there, other writes of it are")

    def needed(self, key, bound):
        """How many elements of key were acknowledged before this time."""
        if key not in self.acknowledged:
            ends, most, best = [], [], 0
            pairs = []
            for i, e in enumerate(self.order.get(key, ())):
                writer = self.writer.get((key, e))
                if writer and writer[0].status == OK:
                    pairs.append((writer[0].commit_end, i + 1))
            for end, i in sorted(pairs):
                best = max(best, i)
                ends.append(end)
                most.append(best)
            self.acknowledged[key] = (ends, most)
        ends, most = self.acknowledged[key]
        at = bisect.bisect_left(ends, bound)
        return most[at - 1] if at else 0

    def check_fresh(self):
        """A snapshot holds everything acknowledged before it was asked for; a predicate finds every row it should."""
        self.acknowledged = {}
        for t in self.txns:
            first = t.ops[0].start if t.ops else 0
            for op in t.ops:
                bound = op.start if self.level(t) == RC else first
                for key, got, _ in op.reads:
                    others, _ = self.split(t, key, got)
                    need = self.needed(key, bound)
                    if len(others) < need:
                        self.say("stale-read", f"{t.name} read {key} {got}, {need} elements were acknowledged before")
                for key, value in op.misses:
                    self.check_miss(t, op, bound, key, value)

    def check_miss(self, t, op, bound, key, value):
        """The row of key was not found under value: one of the versions it may have had must have another value."""
        if any(key == a[0] for o in t.ops for a in o.appends):
            return
        order = self.order.get(key, [])
        versions = [self.needed(key, bound)]
        while versions[-1] < len(order):
            writer = self.writer.get((key, order[versions[-1]]))
            if writer is None or writer[1].start > op.end:
                break
            versions.append(versions[-1] + 1)
        fitting = [n for n in versions if n == 0 or order[n - 1] % GROUPS != value]
        if not fitting:
            self.say("missed-row", f"{t.name} did not find {key} by {value}; it was {order[: versions[-1]]}")
        elif len(fitting) == len(versions):
            later = range(versions[-1] + 1, len(order) + 1)
            op.not_yet += [[key, n] for n in later if order[n - 1] % GROUPS == value][:1]

    # -- graphs --

    def there(self, t):
        return t.status == OK or id(t) in self.observed

    def version_writer(self, key, number):
        """Who wrote version `number` (from 1) of key; None for none, or one that does not exist as committed."""
        order = self.order.get(key, ())
        if not 0 < number <= len(order):
            return None
        writer = self.writer.get((key, order[number - 1]))
        return writer[0] if writer and self.there(writer[0]) else None

    def next_writer(self, key, number, t):
        """Who replaced version `number` of key, other than t."""
        w = self.version_writer(key, number + 1)
        return w if w is not t else None

    def instants(self):
        g, commit, begin = Graph(), {}, {}
        for t in self.txns:
            if t.ops and self.level(t) != RC:
                begin[id(t)] = g.node(t.name + ".snapshot", t.ops[0].start, t.ops[0].end)
            if self.there(t):
                end = t.commit_end if t.status == OK else FOREVER
                commit[id(t)] = g.node(t.name, t.commit_start, end)
                g.edge(begin.get(id(t)), commit[id(t)], "own")
        for key, order in self.order.items():
            for i in range(1, len(order)):
                a, b = self.version_writer(key, i), self.version_writer(key, i + 1)
                if a and b and a is not b:
                    g.edge(commit[id(a)], begin.get(id(b), commit[id(b)]), "ww", key)
        for t in self.txns:
            for op in t.ops:
                self.instants_of(g, commit, begin.get(id(t)), t, op)
        g.add_time()
        return g

    def instants_of(self, g, commit, snapshot, t, op):
        if not op.reads and not op.not_yet:
            return
        mine = commit.get(id(t))
        if snapshot is None and not op.locked:
            snapshot = g.node(f"{t.name}.{t.ops.index(op) + 1}", op.start, op.end)
            g.edge(snapshot, mine, "own")
        for key, number in op.not_yet:
            b = self.version_writer(key, number)
            g.edge(snapshot, commit[id(b)] if b and b is not t else None, "rwp", key)
        for key, got, predicate in op.reads:
            others, _ = self.split(t, key, got)
            a = self.version_writer(key, len(others))
            b = self.next_writer(key, len(others), t)
            if snapshot is not None:
                if a:
                    g.edge(commit[id(a)], snapshot, "wr", key)
                if b:
                    g.edge(snapshot, commit[id(b)], "rwp" if predicate and not got else "rw", key)
            elif not op.undone:
                # READ COMMITTED with a row lock: newer than the statement's snapshot, and kept until the commit.
                if a and mine is not None:
                    g.edge(commit[id(a)], mine, "wr", key)
                if b and mine is not None and got:
                    g.edge(mine, commit[id(b)], "rw", key)

    def points(self):
        g, at = Graph(), {}
        for t in self.txns:
            if self.level(t) == SER and self.there(t) and t.ops:
                at[id(t)] = g.node(t.name, t.ops[0].start, t.commit_end if t.status == OK else FOREVER)
        if not at:
            return g
        for key, order in self.order.items():
            for i in range(1, len(order)):
                a, b = self.version_writer(key, i), self.version_writer(key, i + 1)
                g.edge(at.get(id(a)), at.get(id(b)), "ww", key)
        for t in self.txns:
            if id(t) not in at:
                continue
            for op in t.ops:
                if op.undone:
                    continue
                for key, number in op.not_yet:
                    g.edge(at[id(t)], at.get(id(self.version_writer(key, number))), "rwp", key)
                for key, got, predicate in op.reads:
                    others, _ = self.split(t, key, got)
                    a = self.version_writer(key, len(others))
                    b = self.next_writer(key, len(others), t)
                    g.edge(at.get(id(a)), at[id(t)], "wr", key)
                    g.edge(at[id(t)], at.get(id(b)), "rwp" if predicate and not got else "rw", key)
        g.add_time()
        return g

    def check(self):
        """All anomalies: [(name, text)], each name and text once."""
        self.read_orders()
        self.check_internal()
        self.check_end()
        self.check_fresh()
        if not any(name == "incompatible-order" for name, _ in self.found):
            self.found += self.instants().anomalies()
            self.found += self.points().anomalies()
        return list(dict.fromkeys(self.found))


def check(txns, final=None, rule=None):
    return History(txns, final, rule).check()


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        txns, final = from_json(f.read())
    found = check(txns, final, sys.argv[2] if len(sys.argv) > 2 else None)
    for name, text in found:
        print(f"{name}: {text}")
    print(f"{len(txns)} transactions, {len(found)} anomalies")


if __name__ == "__main__":
    main()
