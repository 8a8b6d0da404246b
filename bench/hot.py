"""Many clients that update the same row, durable on both sides."""

import statistics

from load import make_table, update_script, watched_load

CLIENTS = 32


def run(report, servers, seconds):
    """One row, then ten: the servers in turn, three times; medians."""
    report.heading(f"hot rows, durable updates, {CLIENTS} clients")
    report.columns()
    for server in servers:
        server.start()
        make_table(server, 1000)
    for hot, least in ((1, 10), (10, None)):
        results = {server.name: [] for server in servers}
        for _ in range(3):
            for server in servers:
                results[server.name].append(watched_load(server, update_script(hot), CLIENTS, seconds))
        tps, cpu = (
            [statistics.median(run[what] for run in results[s.name]) for s in servers] for what in ("tps", "cpu_us")
        )
        label = "one row" if hot == 1 else f"{hot} rows"
        report.faster(label, tps[0], tps[1], "tps", least)
        report.share(f"{label}, CPU", cpu[0], cpu[1], "us")
