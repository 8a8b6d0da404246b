"""Half an hour of updates: does the rate stay, do the files stay? Both servers in turn, drawn as a picture."""

import os
import statistics
import subprocess

from load import make_table, update_script, watched_load
from snapshot import megabytes

LOADS = ("pgbench -N", "hot rows")
CLIENTS = 16
HOT_ROWS = 100
SCALE = 10


def start_with_data(server, segments, load):
    """Start the server; the first time it gets its tables."""
    server.start()
    if segments.get("data", load, server.name):
        return
    if load == "hot rows":
        make_table(server)
    else:
        subprocess.run(["pgbench", "-i", "-q", "-s", str(SCALE), server.dsn()], check=True, capture_output=True)
    segments.put("data", load, server.name)


def segment(server, segments, load, number, seconds):
    """One piece of one server's curve, unless it is there or does not fit into the time."""
    if segments.get("steady", load, server.name, number) or not segments.has_time(seconds + 20):
        return
    start_with_data(server, segments, load)
    try:
        if load == "hot rows":
            result = watched_load(server, update_script(HOT_ROWS), CLIENTS, seconds)
        else:
            result = watched_load(server, None, CLIENTS, seconds, ["-N"])
            result["history"] = server.sql("SELECT count(*) FROM pgbench_history")
    finally:
        server.end()
    segments.put("steady", load, server.name, number, **result)


def curve(segments, load, name, pieces):
    """(seconds, tps) and (seconds, file bytes, log bytes) of the pieces measured so far, one after the other."""
    tps, sizes, offset = [], [], 0.0
    for number in range(pieces):
        result = segments.get("steady", load, name, number)
        if result is None:
            break
        tps += [(offset + t, rate) for t, rate, _ in result["tps_curve"]]
        sizes += [(offset + t, file, log) for t, file, log in result["sizes"]]
        offset = tps[-1][0]
    return tps, sizes


def tell(report, segments, load, name, pieces):
    """Is it flat? The mean of each fifth of the time against the mean of all."""
    tps, sizes = curve(segments, load, name, pieces)
    if not tps:
        report.note(f"{name}, {load}: not measured yet")
        return
    rates = [rate for _, rate in tps]
    mean = statistics.fmean(rates)
    step = max(len(rates) // 5, 1)
    fifths = [statistics.fmean(rates[i : i + step]) / mean - 1 for i in range(0, len(rates) - step + 1, step)]
    worst = max(fifths, key=abs)
    flat = "" if name != "dassie" else report.verdict(abs(worst) <= 0.1, "within 10 %")
    report.note(
        f"{name}, {load}, {tps[-1][0]:,.0f} s: {mean:,.0f} tps, fifths of the time "
        f"{', '.join(f'{part:+.1%}' for part in fifths)} {flat}; 10 s at worst {min(rates):,.0f}"
    )
    measured = [n for n in range(pieces) if segments.get("steady", load, name, n)]
    history = segments.get("steady", load, name, measured[-1]).get("history")
    rows = "" if history is None else f" ({history:,} rows of history in it)"
    report.note(f"    file {megabytes(sizes[0][1]):,.0f} -> {megabytes(sizes[-1][1]):,.0f} MiB{rows}")


def draw(segments, pieces, path):
    """Rate and file size of both servers over time, one column a load."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(LOADS), figsize=(11, 6), sharex="col", squeeze=False)
    for column, load in enumerate(LOADS):
        for name, colour in (("dassie", "tab:orange"), ("PostgreSQL", "tab:blue")):
            tps, sizes = curve(segments, load, name, pieces)
            axes[0][column].plot([t / 60 for t, _ in tps], [rate for _, rate in tps], colour, label=name, lw=1)
            axes[1][column].plot([t / 60 for t, _, _ in sizes], [megabytes(f) for _, f, _ in sizes], colour, lw=1)
        axes[0][column].set_title(f"{load}, {CLIENTS} clients")
        axes[1][column].set_xlabel("minutes")
    for row, label in enumerate(("transactions a second", "database files, MiB")):
        axes[row][0].set_ylabel(label)
        for axis in axes[row]:
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def run(report, segments, pair, pieces, seconds, picture):
    """The missing pieces, the servers in turn; then figures and picture of what is there."""
    for load in LOADS:
        for number in range(pieces):
            for server in pair(load):
                segment(server, segments, load, number, seconds)
    report.heading(f"{pieces * seconds // 60} minutes of updates, {CLIENTS} clients")
    for load in LOADS:
        for name in ("dassie", "PostgreSQL"):
            tell(report, segments, load, name, pieces)
    draw(segments, pieces, picture)
    report.note(f"picture: {os.path.relpath(picture)}")
