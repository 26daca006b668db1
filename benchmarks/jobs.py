"""What a job costs a pipeline: declaring a file, and starting and finishing: `./dev bench-jobs [--files N --jobs N]`.

Absolute times depend on the machine, so a bare append and a bare fsync on the same disk stand beside them.
"""

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from farm import TRACKED, write_policies

from rules_engine import JobManager

LINE = b'{"seq":100000,"at":1767225600000000000,"event":{"files":[["a/b/c.mkv","temp_frame"]]},"crc":"00000000"}\n'
GOAL_ADD_US, GOAL_JOB_MS = 30, 5
ROUNDS = 200


def timed(act: Callable[[int], object], times: int) -> list[float]:
    """Seconds that each of so many calls takes."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        act(number)
        taken.append(time.perf_counter() - began)
    return taken


def median(taken: Sequence[float], unit: float) -> float:
    """The median in units of so many seconds."""
    return statistics.median(taken) / unit


def row(what: str, taken: Sequence[float], unit: float, goal: str) -> None:
    """One row of the table: the median, that of the first and of the last tenth, the 99th percentile."""
    tenth = max(1, len(taken) // 10)
    first, last = median(taken[:tenth], unit), median(taken[-tenth:], unit)
    slowest = sorted(taken)[len(taken) * 99 // 100] / unit
    print(f"| {what} | {median(taken, unit):.1f} | {first:.1f} | {last:.1f} | {slowest:.1f} | {goal} |", flush=True)


def head(unit: str) -> None:
    """The head of a table."""
    print(f"\n| median of, in {unit} | all | first tenth | last tenth | 99 % | goal |\n|---|---|---|---|---|---|")


def bench_files(jobs: JobManager, scratch: Path, files: int) -> None:
    """Declare that many files of one job, one call each."""
    head("µs")
    with jobs.job("render", job_id="many-files") as job:
        names = [f"scratch/many-files/frames/frame_{number:06d}.png" for number in range(files)]
        taken = timed(lambda number: jobs.tracker.add_file(job.job_id, names[number], "temp_frame"), files)
    row(f"`add_file`, {files} files", taken, 1e-6, f"at most {GOAL_ADD_US}, flat")
    with open(scratch / "bare.log", "ab", buffering=0) as bare:
        row("one bare append of such a line", timed(lambda _: bare.write(LINE), min(files, 10_000)), 1e-6, "")


def bench_jobs(jobs: JobManager, scratch: Path, count: int) -> None:
    """Start and finish jobs, of which nothing is due, until the state holds `count`, and some more."""
    head("ms")

    def one(number: int) -> None:
        jobs.start_job(f"job-{number:06d}", "render")
        jobs.complete_job(f"job-{number:06d}", success=True)

    row(f"start and finish, the first {count}", timed(one, count), 1e-3, "")
    rounds = min(ROUNDS, count)
    # What all those left for the disk to write is not what the next job costs.
    os.sync()
    then = timed(lambda number: one(count + number), rounds)
    row(f"start and finish, with {count} jobs in the state", then, 1e-3, f"at most {GOAL_JOB_MS}")
    with open(scratch / "bare.log", "ab", buffering=0) as bare:
        synced = timed(lambda _: (bare.write(LINE), os.fsync(bare.fileno())), rounds)
    row("one bare append made durable", synced, 1e-3, "")


def main() -> None:
    """Make a root, print the machine and the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000, help="files of one job (default 100000)")
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs in the state (default 10000)")
    parser.add_argument("--directory", default=None, help="where to build (default: the temporary directory)")
    asked = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="rules-bench-", dir=asked.directory))
    try:
        policies = write_policies(scratch / "policies", TRACKED)
        (scratch / "media").mkdir()
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
        with JobManager.from_policies(policies, root=scratch / "media", create=True) as jobs:
            bench_files(jobs, scratch, asked.files)
            bench_jobs(jobs, scratch, asked.jobs)
    finally:
        shutil.rmtree(scratch)  # noqa: TID251 - our own scratch directory


if __name__ == "__main__":
    main()
