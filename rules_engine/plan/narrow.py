"""Narrowing: which of the steps that were decided on a caller asked for; it never changes a decision."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.plan.decided import DecidedFiles
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Remove
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.values.paths import RelPath
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobId, RuleName

NARROWING: Final = ("jobs", "only", "except", "rules", "types")
"""The keys of a plan's `ask` under which it says what it was narrowed to, in the order in which they are told."""


class Narrowing:
    """Tells steps that were asked for from those that the plan leaves out."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._by_path = ask.only is not None or ask.leave is not None

    def split(self, group: DecidedFiles, removal: Remove) -> tuple[DecidedFiles | None, DecidedFiles | None]:
        """Of files that go: those that were asked for, and those that the plan leaves out; None where none are."""
        if not (
            self.asks_for_jobs(group.owners) and self._asks_for_rules(removal.rules) and self._asks_for_type(group)
        ):
            return None, group
        if not self._by_path:
            return group, None
        asked: list[FileFact] = []
        left_out: list[FileFact] = []
        for file in group.files:
            (asked if self._asks_for_path(file.path) else left_out).append(file)
        return _some(group, asked), _some(group, left_out)

    def asks_for_jobs(self, owners: tuple[JobId, ...]) -> bool:
        """Whether something that these jobs own was asked for."""
        return self._ask.jobs is None or not self._ask.jobs.isdisjoint(owners)

    def asks_for_unit(
        self, path: RelPath, owners: tuple[JobId, ...], rules: Iterable[RuleName], groups: Sequence[DecidedFiles]
    ) -> bool:
        """Whether a directory that goes whole was asked for: by its own path, and with every file of it."""
        if not self.asks_for_directory(path, owners, rules, of_no_type=not groups):
            return False
        if not all(self._asks_for_type(group) for group in groups):
            return False
        return not self._by_path or all(self._asks_for_path(file.path) for group in groups for file in group.files)

    def asks_for_directory(
        self, path: RelPath, owners: tuple[JobId, ...], rules: Iterable[RuleName], *, of_no_type: bool = True
    ) -> bool:
        """Whether a directory that goes by itself was asked for; one without files is `of_no_type`."""
        return (
            not (of_no_type and self._ask.types is not None)
            and self.asks_for_jobs(owners)
            and self._asks_for_rules(rules)
            and self._asks_for_path(path, is_directory=True)
        )

    def asks_for_emptied(self, facts: DirectoryFacts, owners: tuple[JobId, ...]) -> bool:
        """Whether a directory may go along with all that was in it; one that held nothing has to be asked for."""
        if not (facts.files or facts.subdirectories):
            return self.asks_for_directory(facts.path, owners, (BUILT_IN,))
        leave = self._ask.leave
        return self.asks_for_jobs(owners) and (leave is None or leave.match(facts.path, is_directory=True) is None)

    def _asks_for_rules(self, rules: Iterable[RuleName]) -> bool:
        return self._ask.rules is None or not self._ask.rules.isdisjoint(rules)

    def _asks_for_type(self, group: DecidedFiles) -> bool:
        types = self._ask.types
        return types is None or any(subject.file_type in types for subject in group.judged.subjects)

    def _asks_for_path(self, path: RelPath, *, is_directory: bool = False) -> bool:
        only, leave = self._ask.only, self._ask.leave
        if only is not None and only.match(path, is_directory=is_directory) is None:
            return False
        return leave is None or leave.match(path, is_directory=is_directory) is None


def _some(group: DecidedFiles, files: list[FileFact]) -> DecidedFiles | None:
    return replace(group, files=tuple(files)) if files else None


def narrowed_to(ask: Ask) -> Mapping[str, str]:
    """What was asked for, as a plan records it: the same words for the same narrowing."""
    patterns = {"only": ask.only, "except": ask.leave}
    names = {"jobs": ask.jobs, "rules": ask.rules, "types": ask.types}
    return {
        # The order of patterns decides, that of names does not.
        **{key: " ".join(map(escape, some.texts)) for key, some in patterns.items() if some is not None},
        **{key: " ".join(sorted(some)) for key, some in names.items() if some is not None},
    }
