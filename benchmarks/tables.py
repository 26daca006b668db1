"""The tables of a benchmark, as lines of Markdown: each work beside what it is measured against, and the goal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from machine import median_peak, median_processor_s, median_s
from works import Runs

MIB = 2**20
GOAL_PEAK, GOAL_PEAK_MIB = 1.5, 250
WORKS = {
    "seals": "`rules plan --out` from seals",
    "walk-20": "`rules plan --out` by a walk, 20 rules",
    "walk-200": "`rules plan --out` by a walk, 200 rules",
    "apply": "`rules apply` of the plan from seals",
}


@dataclass(frozen=True, slots=True)
class Ratio:
    """A row: one work against another, and what the ratio of their wall times should be at most."""

    work: str
    other: str
    against: str
    goal: float


RATIOS = (
    Ratio("seals", "seals/find", "`find … -printf`", 0.25),
    Ratio("walk-20", "walk-20/find", "`find … -printf`", 0.7),
    Ratio("walk-20", "walk-20/fd", "`fd -j2`", 1.2),
    Ratio("walk-200", "walk-20", "the same, 20 rules", 1.15),
    Ratio("apply", "apply/find", "`find … -delete`", 1.2),
)
START_UP = {"version": ("`rules --version`", 60), "check": ("`rules check`, the shipped policies", 350)}


def _verdict(number: float, goal: float) -> str:
    return "met" if number <= goal else "**missed**"


def ratio_rows(files: int, when: str, runs: Runs) -> Iterator[str]:
    """The table of one size: medians of wall time."""
    yield f"### {files:,} files".replace(",", " ")
    yield ""
    yield f"Measured {when}."
    yield ""
    yield "| work | against | rules, s | other, s | ratio | goal | | processor, s | other, s | ratio | runs |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for row in RATIOS:
        if row.work in runs and row.other in runs:
            ours, theirs = median_s(runs[row.work]), median_s(runs[row.other])
            number = ours / theirs
            busy, other = median_processor_s(runs[row.work]), median_processor_s(runs[row.other])
            wall = f"{ours:.2f} | {theirs:.2f} | {number:.2f} | ≤ {row.goal} | {_verdict(number, row.goal)}"
            processor = f"{busy:.2f} | {other:.2f} | {busy / other:.2f}"
            yield f"| {WORKS[row.work]} | {row.against} | {wall} | {processor} | {len(runs[row.work])} |"


def peak_rows(sizes: Mapping[int, Runs]) -> Iterator[str]:
    """The table of peak memory: each work at each size, and against a tenth of the files."""
    yield "| work | files | peak, MiB | goal | | against a tenth of the files | goal | |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, what in WORKS.items():
        for files, runs in sorted(sizes.items()):
            if name not in runs:
                continue
            peak = median_peak(runs[name])
            in_all = f"{peak / MIB:.0f} | ≤ {GOAL_PEAK_MIB} | {_verdict(peak / MIB, GOAL_PEAK_MIB)}"
            tenth = sizes.get(files // 10, {}).get(name)
            growth = peak / median_peak(tenth) if tenth else None
            against = f"{growth:.2f} | ≤ {GOAL_PEAK} | {_verdict(growth, GOAL_PEAK)}" if growth else "| |"
            yield f"| {what} | {files} | {in_all} | {against} |"


def growth_rows(sizes: Mapping[int, Runs]) -> Iterator[str]:
    """The table of growth: seconds per million files, which stay the same where cost grows linearly."""
    head = [f"{files} files" for files in sorted(sizes)]
    yield f"| seconds of processor time for a million files, as measured at | {' | '.join(head)} |"
    yield "|---" * (len(head) + 1) + "|"
    names = {name: None for runs in sizes.values() for name in runs}
    for name in names:
        found = [
            f"{median_processor_s(runs[name]) / files * 1e6:.2f}" if name in runs else ""
            for files, runs in sorted(sizes.items())
        ]
        yield f"| {label(name)} | {' | '.join(found)} |"


def start_up_rows(runs: Runs) -> Iterator[str]:
    """The table of start-up: milliseconds more than a Python that does nothing."""
    bare, bare_busy = median_s(runs["python"]) * 1e3, median_processor_s(runs["python"]) * 1e3
    yield f"| start-up, ms more than `python -c pass` ({bare:.0f}) | wall time | goal | | processor time |"
    yield "|---|---|---|---|---|"
    for name, (what, goal) in START_UP.items():
        more, busy = median_s(runs[name]) * 1e3 - bare, median_processor_s(runs[name]) * 1e3 - bare_busy
        yield f"| {what} | {more:.0f} | ≤ {goal} | {_verdict(more, goal)} | {busy:.0f} |"


def label(name: str) -> str:
    """What a work is called in a table or a picture."""
    work, _, peer = name.partition("/")
    if not peer:
        return WORKS[work].replace("`", "")
    return "find … -delete" if work == "apply" else f"{peer}, beside {work}"
