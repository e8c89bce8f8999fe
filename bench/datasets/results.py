"""The figures of a run as a page, and each target as met or missed."""

import os
import platform
import subprocess
import sys

from epochs import Epoch


def page(run, load, seconds):
    return "\n\n".join(part for part in (_head(run, load, seconds), _epochs(run), _once(run), _millions(run), _targets(run)) if part)


def _head(run, load, seconds):
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as file:
        room = int(file.readline().split()[1]) >> 20
    system = subprocess.run(["stat", "-f", "-c", "%T", run.folder], capture_output=True, text=True).stdout.strip()
    return (
        f"# Data sets\n\n    ./convoy version; python3 bench/datasets/run.py artifacts/convoy {' '.join(sys.argv[2:])} > bench/datasets/results.md\n\n"
        f"On a machine with {os.cpu_count()} processors ({model}, {room} GiB, Linux {platform.release()}, folder on {system}), which store, server, agent and readers share. "
        f"Load before it began: {load[0]:.1f} (1 min), {load[1]:.1f} (5 min). It took {seconds / 60:.0f} minutes.\n\n"
        f"{run.options.files:,} files, {run.bytes / 1e9:.2f} GB; below a share of 100 % the store gives {run.options.cap:g} MB/s. "
        f"One reader below 100 %, s3fs and rclone read {len(run.sample):,} of them. What is counted and what is not is in the [README](README.md)."
    )


def _epochs(run):
    rows = ["## Epochs", "", "| way | share | readers | MB/s | p50 ms | p99 ms | CPU-s/GB | server CPU-s/GB | agent's own MiB | GETs a file | requests a file | from the store |", "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for share, way in run.ways:
        epoch = way.middle()
        rows.append(
            f"| {way.name} | {'' if share is None else f'{share} %'} | {way.readers} | {epoch.megabytes:,.0f} | {epoch.p50:.3f} | {epoch.p99:.3f} | {epoch.processor:.3f} | "
            f"{epoch.server:.3f} | {epoch.own / 2**20:.0f} | {epoch.gets:.3f} | {epoch.requests:.3f} | {epoch.brought:.2%} |"
        )
    return "\n".join(rows) if run.ways else ""


def _once(run):
    told = run.figures
    lines = ["## Once", ""]
    lines.append(f"- Push: {told['push']:,.0f} MB/s.")
    if "fill" in told:
        lines.append(f"- Fill of an empty cache: {told['fill']:,.0f} MB/s, {told['fill requests']:,} GETs.")
        lines.append(f"- Restart with a full cache, from the start of the program to the first byte: {told['restart'] * 1000:,.0f} ms; then all was read, with {told['fetched again']} GETs at the store.")
        lines.append(f"- The agent then has {told['agent'][0] / 2**20:.0f} MiB of its own, and {told['agent'][1] / 2**20:,.0f} MiB with what it has mapped.")
    if "lru" in told:
        lines.append(f"- An LRU of half the bytes would have hit {told['lru']:.1%} in epochs 2 and 3 (computed, on the same files).")
    if "copied" in told:
        lines.append(f"- Copies: {told['whole copy'] / 1e6:,.0f} MB for the whole; after {told['changed'] / 1e6:.1f} MB had changed {told['copied'] / 1e6:.1f} MB more, its manifest of {run.options.files:,} files included.")
    return "\n".join(lines)


def _millions(run):
    rows = run.figures.get("millions")
    if not rows:
        return ""
    lines = ["## Millions of files", "", "| files | push s | agent's own MiB, empty | mounted and read | most, while it mounts | with what is mapped | first mount to first byte ms | again ms | listing cold s | warm s |", "|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        listing = f"{row['cold']:.1f} | {row['warm']:.1f}" if "cold" in row else "|"
        lines.append(
            f"| {row['files']:,} | {row['push']:.0f} | {row['empty'] / 2**20:.0f} | {row['own'] / 2**20:.0f} | {row['most'] / 2**20:.0f} | {row['resident'] / 2**20:.0f} | "
            f"{row['first mount'] * 1000:,.0f} | {row['mount again'] * 1000:,.0f} | {listing} |"
        )
    return "\n".join(lines)


def _targets(run):
    found = {(way.name, share, way.readers): way for share, way in run.ways}
    rows = ["## Targets", "", "| target | readers | measured | |", "|---|---|---|---|"]

    def row(target, readers, measured, is_met):
        rows.append(f"| {target} | {readers} | {measured} | {'met' if is_met else '**missed**'} |")

    def middle(name, share, readers) -> "Epoch | None":
        way = found.get((name, share, readers))
        return way and way.middle()

    for readers in (1, 8):
        local, mount, python = (middle(*which, readers) for which in (("ext4", None), ("Convoy, mount", 100), ("Convoy, Python", 100)))
        if local and mount and python:
            row("mount, share 100 %: ≥ 0.9 × ext4 MB/s", readers, f"{mount.megabytes / local.megabytes:.2f} ×", mount.megabytes >= 0.9 * local.megabytes)
            row("mount, share 100 %: ≤ 1.25 × its CPU/GB", readers, f"{mount.processor / local.processor:.2f} ×", mount.processor <= 1.25 * local.processor)
            row("Python, share 100 %: ≥ 2 × ext4 MB/s", readers, f"{python.megabytes / local.megabytes:.2f} ×", python.megabytes >= 2 * local.megabytes)
            row("Python, share 100 %: ≤ 0.10 CPU-s/GB", readers, f"{python.processor:.3f}", python.processor <= 0.10)
        for rival in ("s3fs", "s3fs, its cache full", "rclone mount", "rclone mount, its cache full"):
            other = middle(rival, None, readers)
            if other and mount:
                row(f"mount: ≥ 10 × {rival}", readers, f"{mount.megabytes / other.megabytes:.1f} ×", mount.megabytes >= 10 * other.megabytes)
                row(f"mount: ≤ 1/10 of the CPU of {rival}", readers, f"1/{other.processor / mount.processor:.1f}", mount.processor <= other.processor / 10)
    for name in ("Convoy, mount", "Convoy, Python"):
        half, none = found.get((name, 50, 8)), middle(name, 0, 8)
        if half:
            hits = [1 - epoch.brought for epoch in half.epochs]
            row(f"{name}, share 50 %: hit ratio 50 % ± 0.1 points in epochs 2 and 3", 8, ", ".join(f"{hit:.2%}" for hit in hits), all(abs(hit - 0.5) <= 0.001 for hit in hits))
        if none:
            row(f"{name}, share 0 %: ≥ 90 % of the store's cap", 8, f"{none.megabytes / run.options.cap:.1%}", none.megabytes >= 0.9 * run.options.cap)
            row(f"{name}, share 0 %: ≤ 1.01 GETs a file", 8, f"{none.gets:.3f}", none.gets <= 1.01)
    for each in run.figures.get("millions", []):
        allowed = 100e6 + 16 * each["files"]
        row(f"agent memory ≤ 100 MB + 16 B a file, {each['files']:,} files", "", f"{each['own'] / 1e6:.0f} of {allowed / 1e6:.0f} MB", each["own"] <= allowed)
        if each["files"] == 1_000_000:
            row("mount to first byte ≤ 300 ms, 1 000 000 files, manifest on the node", "", f"{each['mount again'] * 1000:.0f} ms", each["mount again"] <= 0.3)
            row("the same, for the first time on the node", "", f"{each['first mount'] * 1000:.0f} ms", each["first mount"] <= 0.3)
            row("listing 1 000 000 files cold ≤ 8 s", "", f"{each['cold']:.1f} s", each["cold"] <= 8)
            row("listing 1 000 000 files warm ≤ 3 s", "", f"{each['warm']:.1f} s", each["warm"] <= 3)
    told = run.figures
    if "copied" in told:
        row("copies after 1 % changed ≤ 1.1 × the changed bytes", "", f"{told['copied'] / told['changed']:.3f} ×", told["copied"] <= 1.1 * told["changed"])
    if "restart" in told:
        row("restart with a full cache: serving in ≤ 1 s", "", f"{told['restart'] * 1000:.0f} ms", told["restart"] <= 1)
        row("restart: nothing fetched again", "", f"{told['fetched again']} GETs", told["fetched again"] == 0)
    return "\n".join(rows)
