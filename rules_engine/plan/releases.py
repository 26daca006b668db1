"""Releases: steps on files that a keep rule of an earlier applied policy set still protects."""

from collections.abc import Iterator, Sequence
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.inventory.model import FileFact
from rules_engine.plan.decide import verdict_of
from rules_engine.plan.decided import DecidedDirectory, DecidedFiles
from rules_engine.plan.given import Ask, EarlierKeep
from rules_engine.plan.model import Count, Header, ReleaseSummary
from rules_engine.plan.protect import restored_at
from rules_engine.plan.select import NotMatched
from rules_engine.plan.subject import Evidence, subject_of
from rules_engine.plan.unit_rules import keeps_directories
from rules_engine.policy.findings import suggest
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import format_size
from rules_engine.values.text import plural
from rules_engine.values.vocabulary import JobId, RuleName

ASKED: Final = "release"
"""The key of a plan's `ask` under which the released rules stand."""


class Releases:
    """Says of each file that goes which earlier keep rules still protect it, and counts what they lose."""

    def __init__(self, policies: PolicySet, seen: Evidence, ask: Ask) -> None:
        self._policies = policies
        self._seen = seen
        self._summaries = {
            one: ReleaseSummary(one.rule.name, one.place, one.run_id, allowed=one.rule.name in ask.release)
            for one in sorted(seen.guards.earlier, key=lambda one: (one.rule.name, one.place, one.run_id))
        }

    def split(self, group: DecidedFiles) -> Iterator[tuple[tuple[RuleName, ...], tuple[FileFact, ...]]]:
        """Files that go, by the earlier keep rules that still protect them; counts what these lose."""
        if not self._summaries:
            yield (), group.files
            return
        found: dict[tuple[RuleName, ...], list[FileFact]] = {}
        for file in group.files:
            protecting = self.of(file, group.owners)
            for one in protecting:
                self._summaries[one].count.add(Count(1, file.size or 0))
            found.setdefault(tuple(dict.fromkeys(one.rule.name for one in protecting)), []).append(file)
        yield from ((names, tuple(files)) for names, files in found.items())

    def of_whole(self, directory: DecidedDirectory) -> frozenset[RuleName]:
        """The earlier keep rules that protect a directory that goes whole, or files in it; counts what these lose.

        A directory without files that one of them protects by its name counts as one.
        """
        protecting = {name for group in directory.groups for names, _ in self.split(group) for name in names}
        by_name = [one for one in self._summaries if keeps_directories(one.rule, directory.facts.path)]
        for one in by_name:
            if one.rule.name not in protecting:
                self._summaries[one].count.add(Count(1))
        return frozenset({*protecting, *(one.rule.name for one in by_name)})

    def of(self, file: FileFact, owners: Sequence[JobId]) -> tuple[EarlierKeep, ...]:
        """The earlier keep rules that select `file`, or cannot tell, as some owner sees it; in the order of names."""
        views = tuple(self._seen.owners[one] for one in owners)
        restored = restored_at(file.path, self._seen)
        subjects = [subject_of(file, owner, self._policies, restored) for owner in views or (None,)]
        return tuple(
            one
            for one in self._summaries
            # For each owner as if it were the only one: what one of them keeps is kept.
            if any(not isinstance(verdict_of(one.rule, subject, self._seen), NotMatched) for subject in subjects)
        )

    def counts(self) -> tuple[Count, ...]:
        """What each earlier rule loses, in their order."""
        return tuple(one.count for one in self._summaries.values())

    def take(self, counts: Sequence[Count]) -> None:
        """Add what they lose in a part of the tree that was decided elsewhere."""
        for one, count in zip(self._summaries.values(), counts, strict=True):
            one.count.add(count)

    def summaries(self) -> list[ReleaseSummary]:
        """The earlier rules that protect something that goes, those with most bytes first."""
        found = [one for one in self._summaries.values() if one.count.files]
        return sorted(found, key=lambda one: (-one.count.bytes, one.name, one.place, one.run_id))


def check_release(ask: Ask, earlier: Sequence[EarlierKeep]) -> None:
    """Refuse names that no earlier keep rule has: a `--release` left in a script would one day release the next rule.

    Raises:
        InvalidValueError: for the first such name.
    """
    known = {one.rule.name for one in earlier}
    for name in sorted(ask.release - known):
        near = suggest(name, known, "leave `--release` out: no earlier keep rule protects anything now")
        raise InvalidValueError("release", name, f"is no keep rule of an earlier applied policy set; {near}")


def released_by(header: Header) -> tuple[RuleName, ...]:
    """The earlier keep rules that a plan was asked to let go."""
    return tuple(RuleName(name) for name in header.ask.get(ASKED, "").split())


def release_refusals(releases: Sequence[ReleaseSummary]) -> list[str]:
    """What a plan lets go without having been asked to, a line each."""
    return [
        f"it lets go {plural(one.count.files, 'file')}, {format_size(one.count.bytes)}, that keep rule `{one.name}` "
        f"({one.place}, {until(one)}) still protects; if that is right, plan with `--release {one.name}`"
        for one in releases
        if not one.allowed
    ]


def until(release: ReleaseSummary) -> str:
    """Until when an earlier rule was applied."""
    return f"applied until run {release.run_id}" if release.run_id else "applied until now"
