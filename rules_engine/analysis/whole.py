"""Whether a file can go with a directory that goes whole, as plans decide it about a root with that file alone.

Whatever else lay in the directory could only keep it whole, or make it wait.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from rules_engine.analysis.fate import evidence
from rules_engine.analysis.situation import Situation
from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.plan.decide import judge
from rules_engine.plan.decided import DecidedDirectory, DecidedFiles
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Remove
from rules_engine.plan.narrow import Narrowing
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.places import Places
from rules_engine.plan.releases import Releases
from rules_engine.plan.staying import SumsByDirectory
from rules_engine.plan.subject import Evidence
from rules_engine.plan.summary import Summary
from rules_engine.plan.units import UnitGuards, Units
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import ancestors, name_of
from rules_engine.values.quantities import FOREVER, Duration, Instant

_INODE: Final = 1


class Taken(msgspec.Struct, frozen=True):
    """How a file goes with its directory, and from which age on."""

    age: Duration
    removal: Remove


def taken_whole(policies: PolicySet, situation: Situation) -> Taken | None:
    """How the file of a situation goes with a directory that holds it, as early as it can; None where it does not."""
    if all(rule.report_only for rule in policies.unit_rules):
        return None
    for age in _ages(policies, situation):
        removal = _removal_at(policies, situation, Instant(situation.born + age))
        if removal is not None:
            return Taken(age, removal)
    return None


def _ages(policies: PolicySet, situation: Situation) -> list[Duration]:
    """Every age at which something may change: a wait ends that counts from the last or from an earlier time."""
    cleanup = policies.settings.cleanup
    waits = {cleanup.retention, cleanup.preserve_on_failure}
    for rule in policies.rules:
        after = () if rule.after is None else (rule.after.always, *(wait for _, wait in rule.after.by_status))
        waits |= {wait for wait in (rule.keep_for, *after) if wait is not None}
    file, job = situation.file, situation.job
    times = (file.mtime_ns, file.ctime_ns, job.ended if job is not None else None)
    earlier = {situation.born - time for time in times if time is not None}
    ages = {wait - before for wait in waits if wait < FOREVER for before in earlier}
    return [Duration(age) for age in sorted({0, *(one for one in ages if one > 0)})]


def _removal_at(policies: PolicySet, situation: Situation, now: Instant) -> Remove | None:
    seen = evidence(policies, situation, now)
    taken: list[Remove] = []

    def watch(_file: FileFact, removal: Remove) -> None:
        taken.append(removal)

    guards = UnitGuards(
        OwnerIndex(situation.owners),
        Narrowing(Ask()),
        Releases(policies, seen, Ask()),
        Places(policies, seen),
    )
    units = Units(policies, seen, guards, Summary(policies, seen, SumsByDirectory()), watch=watch)
    for _ in units.sieve(_decided(policies, situation, seen)):
        pass
    return taken[0] if taken else None


def _decided(policies: PolicySet, situation: Situation, seen: Evidence) -> Iterator[DecidedDirectory]:
    """The directories down to the file, each with nothing in it but the next."""
    path, file = situation.path, situation.file
    above = ancestors(path)
    for directory, below in reversed(tuple(zip(above, (path, *above), strict=False))):
        if below != path:
            facts = DirectoryFacts(directory, (), (name_of(below),), _INODE, complete=True)
            yield DecidedDirectory(facts, (), ())
            continue
        judged = judge(file, situation.owners, policies, seen)
        group = DecidedFiles(judged, tuple(job.job_id for job in situation.owners), (file,))
        yield DecidedDirectory(DirectoryFacts(directory, (file,), (), _INODE, complete=True), (), (group,))
