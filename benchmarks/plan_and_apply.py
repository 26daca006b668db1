"""Plan and apply beside find on the same tree, as ratios of whole-process wall time: `./dev bench [--jobs 1000]`.

Absolute times say little on a shared machine, so each row is a ratio of two commands that ran in turn.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from farm import TRACKED, build, untracked_rules, write_policies

from rules_engine.values.quantities import Instant

RULES = [sys.executable, "-m", "rules_engine"]


def run(command: Sequence[str], *, out: Path | None = None) -> float:
    """Seconds of wall time that `command` takes; it must succeed."""
    with open(out or os.devnull, "wb") as target:
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=target, stderr=subprocess.DEVNULL)
        return time.perf_counter() - began


def find(root: Path, *actions: str) -> list[str]:
    """The find command that selects what the rules select."""
    return ["find", str(root), "-path", "*/scratch/*", "-type", "f", "-mmin", "+1440", *actions]


def pairs(ours: Callable[[], float], theirs: Callable[[], float], times: int) -> tuple[float, float]:
    """The medians of two commands that ran in turn, so that both meet the same machine."""
    measured = [(ours(), theirs()) for _ in range(times)]
    return statistics.median(one for one, _ in measured), statistics.median(one for _, one in measured)


def row(what: str, ours: float, theirs: float) -> None:
    """Print one row of the table."""
    print(f"| {what} | {ours:.2f} s | {theirs:.2f} s | {ours / theirs:.2f} |", flush=True)


def plan_command(root: Path, policies: Path, out: Path) -> list[str]:
    """The command that plans `root`."""
    return [*RULES, "plan", "--quiet", "--policies", str(policies), "--root", str(root), "--out", str(out)]


def bench_plans(scratch: Path, farm: Path, bare: Path, times: int) -> None:
    """Plan sealed jobs, and plan by scanning, beside one pass of find that prints the same."""
    listing = scratch / "find.txt"
    tracked = write_policies(scratch / "tracked", TRACKED)
    seals = plan_command(farm, tracked, scratch / "a.plan")
    row("plan, from seals", *pairs(lambda: run(seals), lambda: _printed(farm, listing), times))
    for count in (20, 200):
        policies = write_policies(scratch / f"untracked-{count}", untracked_rules(count))
        scan = plan_command(bare, policies, scratch / "b.plan")
        row(
            f"plan, by a walk, {count} rules",
            *pairs(lambda scan=scan: run(scan), lambda: _printed(bare, listing), times),
        )


def _printed(root: Path, listing: Path) -> float:
    return run(find(root, "-printf", "%p %i %s %T@ %C@ %n\\n"), out=listing)


def bench_apply(scratch: Path, farm: Path) -> None:
    """Apply the plan once, and let find delete the same files of a copy."""
    copy = scratch / "copy"
    subprocess.run(["cp", "-a", str(farm), str(copy)], check=True)
    plan = scratch / "apply.plan"
    run(plan_command(farm, scratch / "tracked", plan))
    apply = [*RULES, "apply", str(plan), "--policies", str(scratch / "tracked"), "--root", str(farm), "--yes"]
    ours, theirs = run(apply), run(find(copy, "-delete"))
    left = sum(len(files) for place, _, files in os.walk(farm) if "/scratch/" in place)  # noqa: TID251 - a check, not the tool
    assert left == 0, f"{left} files are left"
    row("apply (delete, every precondition checked, outcomes durable)", ours, theirs)


def main() -> None:
    """Build the farms, print the machine and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="jobs of 100 files each (default 1000)")
    parser.add_argument("--times", type=int, default=5, help="runs of each pair (default 5)")
    parser.add_argument("--directory", default=None, help="where to build (default: the temporary directory)")
    asked = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="rules-bench-", dir=asked.directory))
    try:
        now = Instant(time.time_ns())  # noqa: TID251 - the benchmark's own clock
        build(scratch / "farm", asked.jobs, now, tracked=True)
        build(scratch / "bare", asked.jobs, now, tracked=False)
        version = subprocess.run(["find", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[
            0
        ]
        print(f"{asked.jobs * 100} files; Python {platform.python_version()}, {version}, {os.cpu_count()} cores\n")
        print("| work | rules | find | ratio |\n|---|---|---|---|")
        bench_plans(scratch, scratch / "farm", scratch / "bare", asked.times)
        bench_apply(scratch, scratch / "farm")
    finally:
        shutil.rmtree(scratch)  # noqa: TID251 - our own scratch directory


if __name__ == "__main__":
    main()
