"""A table ten times the buffer pool: point reads and updates against what the disk itself gives."""

import json
import os
import subprocess

from load import update_script, watched_load

POOL_MB = 64
CLIENTS = 16
# A row of about 250 bytes: 3 M rows and their index are more than ten times the pool.
ROWS = 3_000_000
TABLE = "kill"
PAGES = 2  # a leaf of the index and one of the table: what a point needs that is not in the pool


def disk_speed(directory, clients, seconds, kind):
    """Random reads, or writes synced one by one, of 8 KiB a second past the page cache, as many at a time as there are clients (fio)."""
    path = os.path.join(directory, "fio")
    command = [
        "fio", "--name=disk", f"--filename={path}", "--size=1G", f"--rw=rand{kind}", "--bs=8k", "--direct=1",
        "--ioengine=psync", "--thread", f"--numjobs={clients}", "--group_reporting", "--time_based",
        f"--runtime={seconds}", "--output-format=json",
    ]
    if kind == "write":
        command.append("--fdatasync=1")
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    os.unlink(path)
    return json.loads(out)["jobs"][0][kind]["iops"]


def prepare(server):
    server.start()
    server.sql(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, v int8 NOT NULL, filler text)",
        f"INSERT INTO {TABLE} SELECT g, 0, repeat(md5(g::text), 7) FROM generate_series(1, {ROWS}) g",
        f"ANALYZE {TABLE}",
        "CHECKPOINT",
    )


def device_reads(server):
    """Bytes the server's processes had read from the device so far (/proc/PID/io)."""
    return server.io_bytes()[0]


def run(report, servers, seconds, work):
    report.heading(f"{ROWS:,} rows, shared_buffers {POOL_MB} MB, {CLIENTS} clients, random points")
    disk = disk_speed(work, CLIENTS, seconds, "read")
    writes = disk_speed(work, CLIENTS, seconds, "write")
    report.note(f"the disk: {disk:,.0f} random reads of 8 KiB a second, {writes:,.0f} random writes, each synced, {CLIENTS} at a time, no page cache")
    reads = f"\\set id random(1, {ROWS})\nSELECT v FROM {TABLE} WHERE id = :id;\n"
    results = {}
    for server in servers:
        prepare(server)
        report.note(f"{server.name}: files of {server.file_bytes() / (1 << 20):,.0f} MiB")
        for name, script in (("reads", reads), ("updates", update_script(ROWS))):
            watched_load(server, script, CLIENTS, max(seconds // 4, 2))
            before = device_reads(server)
            result = watched_load(server, script, CLIENTS, seconds)
            result["pages"] = (device_reads(server) - before) / 8192 / result["transactions"]
            results[server.name, name] = result
        server.stop()
    report.columns()
    for name in ("reads", "updates"):
        dassie, postgres = (results[server.name, name] for server in servers)
        report.faster(f"point {name}", dassie["tps"], postgres["tps"], "tps")
        # An update is a read of both pages and a write of one, durable before it is answered.
        allowed = disk / PAGES if name == "reads" else 1 / (PAGES / disk + 1 / writes)
        report.note(
            f"{name}: {dassie['pages']:.2f} pages each came from the device (PostgreSQL {postgres['pages']:.2f}), the rest from "
            f"the kernel's page cache; random pages each from and to the disk would allow {allowed:,.0f} a second: "
            + report.verdict(dassie["tps"] >= allowed, "as fast")
        )
