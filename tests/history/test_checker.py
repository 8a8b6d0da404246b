"""The checker finds each anomaly in a small history made by hand, and nothing in its lawful twin.

Goal: a checker that cannot fail would prove nothing. Method: one history per anomaly, with the level at which it is
forbidden and, where there is one, a weaker level at which the same history is allowed.
"""

from checker import FAIL, INFO, OK, RC, RR, SER, Op, Txn, check

CASES = []


def case(function):
    CASES.append(function)
    return function


class Maker:
    """Builds histories. Statements take one unit of time each unless `at` is given; all transactions overlap unless
    told: each starts at 0 and ends at 1000."""

    def __init__(self):
        self.txns = []

    def txn(self, level, *ops, status=OK, start=0, end=1000, commit=None):
        name = f"T{len(self.txns) + 1}"
        made = []
        for op in ops:
            op.start = start if op.start is None else op.start
            op.end = end if op.end is None else op.end
            made.append(op)
        self.txns.append(Txn(name, level, made, status, start if commit is None else commit, end))
        return self

    def names(self, rule=None, final=None):
        copies = [
            Txn(
                t.name,
                t.level,
                [Op(o.start, o.end, [list(r) for r in o.reads], o.appends, o.misses, o.locked, o.undone) for o in t.ops],
                t.status,
                t.commit_start,
                t.commit_end,
            )
            for t in self.txns
        ]
        return {name for name, _ in check(copies, final, rule)}


def r(key, *got, predicate=False, **more):
    return Op(None, None, reads=[[key, list(got), predicate]], **more)


def rs(*pairs):
    return Op(None, None, reads=[[key, list(got), False] for key, got in pairs])


def w(key, e, **more):
    return Op(None, None, appends=[[key, e]], **more)


def at(op, start, end):
    op.start, op.end = start, end
    return op


def expect(got, want):
    if got != set(want.split()):
        raise AssertionError(f"found {sorted(got)}, not {want}")


@case
def lawful():
    m = Maker()
    for n in range(1, 6):
        m.txn(SER, r("x", *range(1, n)), w("x", n), r("x", *range(1, n + 1)), start=n * 10, end=n * 10 + 5)
    for level in (RC, RR, SER):
        expect(m.names(level), "")
    expect(m.names(SER, {"x": [1, 2, 3, 4, 5]}), "")


@case
def g0():
    m = Maker().txn(RC, w("x", 1), w("y", 1)).txn(RC, w("x", 2), w("y", 2))
    m.txn(RC, rs(("x", (1, 2)), ("y", (2, 1))), start=2000, end=2001)
    expect(m.names(RC), "G0")


@case
def g0_own():
    m = Maker().txn(RC, w("x", 1), w("x", 3)).txn(RC, w("x", 2)).txn(RC, r("x", 1, 2, 3), start=2000, end=2001)
    if "G0" not in m.names(RC):
        raise AssertionError("a write between two of one transaction was not found")


@case
def g1a():
    m = Maker().txn(RC, w("x", 1), status=FAIL).txn(RC, r("x", 1))
    expect(m.names(RC), "G1a")


@case
def g1a_savepoint():
    m = Maker().txn(RC, w("x", 1, undone=1), w("y", 1)).txn(RC, r("x", 1))
    expect(m.names(RC), "G1a")
    m = Maker().txn(RC, w("x", 1, undone=1), at(r("x", 1), 2, 3))
    expect(m.names(RC), "G1a internal")
    m = Maker().txn(RC, w("x", 1, undone=1), at(r("x"), 2, 3))
    expect(m.names(RC), "")
    m = Maker().txn(RC, w("x", 1, undone=5), at(r("x", 1, undone=5), 2, 3))
    expect(m.names(RC), "")


@case
def g1b():
    m = Maker().txn(RC, w("x", 1), w("x", 2)).txn(RC, r("x", 1)).txn(RC, r("x", 1, 2))
    if "G1b" not in m.names(RC):
        raise AssertionError("an intermediate read was not found")


@case
def g1c():
    m = Maker().txn(RC, w("x", 1), r("y", 1)).txn(RC, w("y", 1), r("x", 1))
    expect(m.names(RC), "G1c")


@case
def g_single():
    m = Maker().txn(RR, r("x"), r("y", 1)).txn(RR, w("x", 1)).txn(RR, r("x", 1), w("y", 1))
    expect(m.names(RR), "G-single")
    expect(m.names(RC), "")


@case
def fractured_read():
    m = Maker().txn(RR, r("x"), r("y", 1)).txn(RR, w("x", 1), w("y", 1)).txn(RR, r("x", 1))
    expect(m.names(RR), "fractured-read")
    expect(m.names(RC), "")
    m = Maker().txn(RC, rs(("x", ()), ("y", (1,)))).txn(RC, w("x", 1), w("y", 1)).txn(RC, r("x", 1))
    expect(m.names(RC), "fractured-read")


@case
def lost_update():
    m = Maker().txn(RR, r("x"), w("x", 1)).txn(RR, r("x"), w("x", 2)).txn(RR, r("x", 1, 2))
    expect(m.names(RR), "lost-update")
    expect(m.names(RC), "")


@case
def long_fork():
    m = Maker().txn(RR, w("x", 1)).txn(RR, w("y", 1)).txn(RR, r("x"), r("y", 1)).txn(RR, r("x", 1), r("y"))
    expect(m.names(RR), "G-nonadjacent")
    m = Maker().txn(RC, w("x", 1)).txn(RC, w("y", 1)).txn(RC, rs(("x", ()), ("y", (1,))))
    m.txn(RC, rs(("x", (1,)), ("y", ())))
    expect(m.names(RC), "G-nonadjacent")


@case
def write_skew():
    m = Maker().txn(SER, r("x"), w("y", 1)).txn(SER, r("y"), w("x", 1)).txn(SER, rs(("x", (1,)), ("y", (1,))))
    expect(m.names(SER), "G2-item")
    expect(m.names(RR), "")
    expect(m.names(RC), "")


@case
def phantom():
    m = Maker().txn(SER, r("x", predicate=True), w("y", 1)).txn(SER, r("y", predicate=True), w("x", 1))
    m.txn(SER, rs(("x", (1,)), ("y", (1,))))
    expect(m.names(SER), "G2")
    expect(m.names(RR), "")


@case
def receipt_report():
    # The report reads the new batch number but not the receipt that was still to come into the old batch.
    m = Maker().txn(SER, r("batch"), w("receipt", 1)).txn(SER, w("batch", 1)).txn(SER, r("batch", 1), r("receipt"))
    m.txn(SER, r("receipt", 1), start=2000, end=2001)
    expect(m.names(SER), "G2-item")
    expect(m.names(RR), "")


@case
def strict_order():
    # Serializable as T2, T3, T1, but T1 was answered before T2 was sent.
    m = Maker().txn(SER, w("x", 1), start=10, end=20).txn(SER, r("y"), start=30, end=60)
    m.txn(SER, r("x"), w("y", 1), start=5, end=60).txn(SER, rs(("x", (1,)), ("y", (1,))), start=99, end=99)
    if not any(n.endswith("realtime") for n in m.names(SER)):
        raise AssertionError("a cycle through real time was not found")


@case
def stale():
    m = Maker().txn(RC, w("x", 1), start=0, end=10).txn(RC, r("x"), start=20, end=30)
    m.txn(RC, r("x", 1), start=40, end=50)
    for level in (RC, RR, SER):
        if "stale-read" not in m.names(level):
            raise AssertionError("a stale read was not found")
    m = Maker().txn(RR, at(r("y"), 0, 5), at(r("x"), 20, 30), start=0, end=100).txn(RR, w("x", 1), start=8, end=10)
    m.txn(RR, r("x", 1), start=40, end=50)
    expect(m.names(RR), "")
    if "stale-read" not in m.names(RC):
        raise AssertionError("a stale statement was not found")


@case
def future():
    # The snapshot was taken before the write was sent.
    m = Maker().txn(RR, at(r("y"), 0, 5), at(r("x", 1), 20, 30), start=0, end=100).txn(RR, w("x", 1), start=8, end=10)
    if not any("realtime" in n for n in m.names(RR)):
        raise AssertionError("a moved snapshot was not found")
    expect(m.names(RC), "")


@case
def internal():
    expect(Maker().txn(RC, w("x", 1), r("x")).names(RC), "internal")
    m = Maker().txn(RR, r("x"), r("x", 1)).txn(RR, w("x", 1))
    if "internal" not in m.names(RR) or m.names(RC):
        raise AssertionError("a read that is not repeatable was not found, or where it is allowed")
    m = Maker().txn(RC, r("x", 1, locked=True), r("x", 1, 2)).txn(RC, w("x", 1)).txn(RC, w("x", 2))
    if "internal" not in m.names(RC):
        raise AssertionError("a row lock that did not hold was not found")


@case
def lists():
    expect(Maker().txn(RC, w("x", 1)).txn(RC, r("x", 1, 1)).names(RC), "duplicate")
    expect(Maker().txn(RC, r("x", 9)).names(RC), "garbage")
    m = Maker().txn(RC, w("x", 1)).txn(RC, w("x", 2)).txn(RC, r("x", 1, 2)).txn(RC, r("x", 2))
    expect(m.names(RC), "incompatible-order")


@case
def lost():
    m = Maker().txn(RC, w("x", 1)).txn(RC, w("x", 2))
    expect(m.names(RC, {"x": [1]}), "lost-append")
    expect(m.names(RC, {"y": []}), "lost-append")
    # An unanswered commit may be there or not, but wholly, and for good once somebody saw it.
    m = Maker().txn(RC, w("x", 1), w("y", 1), status=INFO)
    expect(m.names(RC, {"x": [1], "y": [1]}), "")
    expect(m.names(RC, {"x": [], "y": []}), "")
    expect(m.names(RC, {"x": [1], "y": []}), "lost-append")
    m.txn(RC, r("x", 1))
    expect(m.names(RC, {"x": [], "y": []}), "incompatible-order lost-append")
    # One statement that would write two rows and was not answered (its end is its start) may have found one only.
    two = [["x", 1], ["y", 1]]
    m = Maker().txn(RC, Op(5, 5, appends=two), start=5, end=9, status=INFO)
    expect(m.names(RC, {"x": [1], "y": []}), "")
    m = Maker().txn(RC, Op(5, 6, appends=two), start=5, end=9, status=INFO)
    expect(m.names(RC, {"x": [1], "y": []}), "lost-append")


@case
def rows_of_an_index():
    m = Maker().txn(RC, w("x", 7), start=0, end=1)
    m.txn(RC, Op(10, 11, misses=[["x", 2]]), start=10, end=11)
    expect(m.names(RC, {"x": [7]}), "missed-row")
    m = Maker().txn(RC, w("x", 7), start=0, end=12)
    m.txn(RC, Op(10, 11, misses=[["x", 2]]), start=10, end=11)
    expect(m.names(RC, {"x": [7]}), "")


@case
def phantom_of_an_index():
    # Two rows move into the class that the other transaction has found empty.
    m = Maker().txn(SER, w("x", 5), w("y", 5), start=-9, end=-8)
    m.txn(SER, Op(0, 1, misses=[["x", 2]]), at(w("y", 7), 5, 6))
    m.txn(SER, Op(0, 1, misses=[["y", 2]]), at(w("x", 12), 5, 6))
    expect(m.names(SER, {"x": [5, 12], "y": [5, 7]}), "G2")
    expect(m.names(RR, {"x": [5, 12], "y": [5, 7]}), "")
    m = Maker().txn(SER, w("x", 5), w("y", 5), start=-9, end=-8)
    m.txn(SER, Op(0, 1, misses=[["x", 2]]), at(w("y", 8), 5, 6))
    m.txn(SER, Op(0, 1, misses=[["y", 2]]), at(w("x", 13), 5, 6))
    expect(m.names(SER, {"x": [5, 13], "y": [5, 8]}), "")


def reg(key, value, number, **more):
    return Op(None, None, appends=[[key, value, number]], **more)


def rr(key, value, number):
    return Op(None, None, reads=[[key, [value, number], False]])


@case
def registers():
    m = Maker().txn(RR, reg("rx", 5, 1)).txn(RR, rr("rx", 5, 1), reg("rx", 6, 2)).txn(RR, rr("rx", 6, 2))
    expect(m.names(SER), "")
    expect(m.names(SER, {"rx": [6, 2]}), "")
    m = Maker().txn(RR, reg("rx", 5, 1)).txn(RR, reg("rx", 6, 1)).txn(RR, rr("rx", 6, 1))
    if "lost-update" not in m.names(RR):
        raise AssertionError("two writers of one number were not found")
    m = Maker().txn(RR, reg("rx", 5, 1), status=FAIL).txn(RR, rr("rx", 5, 1))
    expect(m.names(RR), "G1a")
    m = Maker().txn(SER, rr("rx", 1, 1), reg("ry", 4, 2)).txn(SER, rr("ry", 2, 1), reg("rx", 3, 2))
    m.txn(SER, reg("rx", 1, 1), start=-9, end=-8).txn(SER, reg("ry", 2, 1), start=-7, end=-6)
    m.txn(SER, rr("rx", 3, 2), rr("ry", 4, 2), start=2000, end=2001)
    expect(m.names(SER), "G2-item")
    expect(m.names(RR), "")


def run():
    """Returns how many cases passed and the texts of those that failed."""
    failed = []
    for function in CASES:
        try:
            function()
        except AssertionError as error:
            failed.append(f"{function.__name__}: {error}")
    return len(CASES) - len(failed), failed


if __name__ == "__main__":
    good, bad = run()
    for line in bad:
        print("FAILED " + line)
    print(f"{good} passed, {len(bad)} failed")
