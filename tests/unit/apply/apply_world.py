"""What tests of apply are made of: a clock that stands still, plans of real entries, and looks at the tree."""

import dataclasses
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunResult
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.inventory.scan import walk
from rules_engine.plan.contents import Contents
from rules_engine.plan.model import Batch, Entry, Header, Plan, PlanLimits, StepAction, Trailer, Whole
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import JobId, RuleName

NOON = Instant(20_000 * DAY)
POLICIES = PolicySet(digest="d" * 64)


class FixedClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self, now: int = NOON) -> None:
        self.instant = now
        self.slept: list[float] = []

    def now(self) -> Instant:
        """The instant that it was set to."""
        return Instant(self.instant)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.instant += int(seconds * 1e9)


def entry_of(directory: Directory, name: str) -> Entry:
    """The entry that a plan holds of `name` as it is now."""
    found = directory.stat(name)
    assert found is not None
    return Entry(name, found.kind, found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink)


def plan_of(root: Root, *batches: Batch, now: int = NOON, **trailer: Any) -> Plan:
    """A plan of these batches, made at noon for the policies `POLICIES`."""
    header = Header(Instant(now), root.root_id, POLICIES.digest, PlanLimits(None, None, None, 7 * DAY), {})
    return Plan(header, batches, Trailer(**trailer))


def batch_of(
    root: Root,
    directory: str,
    *names: str,
    action: StepAction = StepAction.DELETE,
    owners: tuple[str, ...] = (),
) -> Batch:
    """A batch of entries of one directory as they are now."""
    with root.directory.open(RelPath(directory)) as below:
        entries = tuple(entry_of(below, name) for name in names)
    return Batch(RelPath(directory), action, entries, (RuleName("r"),), tuple(JobId(one) for one in owners))


def contents_of(root: Root, path: str) -> Contents:
    """What a plan sees of everything at and below a directory."""
    contents = Contents()
    for facts in walk(root, below=[RelPath(path)]).directories:
        below = RelPath(facts.path[len(path) + 1 :])
        contents.add_directory(below, facts.inode)
        for one in facts.files:
            contents.add_file(
                below,
                one.name,
                kind=one.kind,
                inode=one.inode,
                size=one.size,
                mtime_ns=one.mtime_ns,
                ctime_ns=one.ctime_ns,
                nlink=one.nlink,
            )
    return contents


def unit_of(
    root: Root,
    directory: str,
    *names: str,
    action: StepAction = StepAction.DELETE,
    owners: tuple[str, ...] = (),
) -> Batch:
    """A batch that takes directories whole, as they are now."""
    plain = batch_of(root, directory, *names, action=action, owners=owners)
    held = [contents_of(root, f"{directory}/{name}" if directory else name) for name in names]
    entries = tuple(replace(entry, size=one.bytes) for entry, one in zip(plain.entries, held, strict=True))
    wholes = tuple(Whole(one.files, one.digest()) for one in held)
    return dataclasses.replace(plain, entries=entries, reason="unit", wholes=wholes)


def fill(root: Root, *paths: str) -> None:
    """Make files of three bytes."""
    for path in paths:
        full = Path(root.path) / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(b"123")


def tree_of(root: Root) -> list[str]:
    """Every path below the root but the state, in order."""
    top = Path(root.path)
    below = [path.relative_to(top) for path in top.rglob("*")]
    return sorted(str(path) for path in below if path.parts[0] != ".rules")


def apply(plan: Plan | str, root: Root, **more: Any) -> RunResult:
    """Apply at noon with the policies of the plan."""
    return apply_plan(plan, root, **{"policies": POLICIES, "clock": FixedClock(), **more})


def counts(result: RunResult) -> dict[str, int]:
    """How many steps had each outcome."""
    return {outcome: result.count(outcome) for outcome in Outcome if result.count(outcome)}
