"""A tree in a few lines: files and bytes of each directory near the top, and the jobs that work there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.model import Count
from rules_engine.report.tables import align
from rules_engine.report.words import name
from rules_engine.values.paths import RelPath, sort_key
from rules_engine.values.quantities import Instant, format_duration, format_size
from rules_engine.values.text import plural

_DEPTH: Final = 2


@dataclass(slots=True)
class TreeSums:
    """Files and bytes by directory, at most two components deep."""

    total: Count = field(default_factory=Count)
    directories: dict[RelPath, Count] = field(default_factory=dict)


def sum_tree(directories: Iterable[DirectoryFacts]) -> TreeSums:
    """The sums of everything that was looked at."""
    sums = TreeSums()
    for facts in directories:
        near = RelPath("/".join(facts.path.split("/")[:_DEPTH]))
        count = Count(len(facts.files), sum(file.size or 0 for file in facts.files))
        sums.total.add(count)
        if count.files:
            sums.directories.setdefault(near, Count()).add(count)
    return sums


def tree_lines(sums: TreeSums, jobs: Sequence[JobRecord], now: Instant) -> Iterator[str]:
    """One line a directory, with its job if it is a workspace; then the total."""
    at_work = {job.workspace: _standing(job, now) for job in jobs}
    ordered = sorted(sums.directories.items(), key=lambda one: sort_key(one[0]))
    rows = [
        (f"{name(path)}/", plural(count.files, "file"), format_size(count.bytes), at_work.get(path, ""))
        for path, count in ordered
    ]
    rows.append(("in all", plural(sums.total.files, "file"), format_size(sums.total.bytes), ""))
    yield from align(rows, right=(1, 2))


def _standing(job: JobRecord, now: Instant) -> str:
    status, end = job.reading(now).value, job.end(now)
    moment = job.started if end is None else end
    return f"{status}, {'started' if end is None else 'ended'} {format_duration(now - moment)} ago"
