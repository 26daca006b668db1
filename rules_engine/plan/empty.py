"""Workspace directories that a plan leaves empty, or that are empty already: they go after their files."""

from collections.abc import Mapping

import msgspec

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.plan.ages import Wait, job_waits
from rules_engine.plan.protect import pinned_at_or_below, protection_of_directory, restored_at
from rules_engine.plan.removed import Removed
from rules_engine.plan.select import Unknown
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.plan.unit_rules import is_taken_whole
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import PolicySet, Tracked
from rules_engine.values.paths import RelPath, is_at_or_below, join
from rules_engine.values.quantities import FOREVER, Instant
from rules_engine.values.vocabulary import JobId, JobStatus, RuleName


class _Seen(msgspec.Struct, frozen=True, gc=False):
    """One directory at or below a workspace."""

    inode: int
    owner: JobId
    subdirectories: tuple[str, ...]
    rules: frozenset[RuleName]
    """The rules that empty it; none where it was empty before."""


class EmptyDirectories:
    """Collects the workspace directories of a plan, and says which of them go."""

    def __init__(self, policies: PolicySet, seen: Evidence) -> None:
        self._policies = policies
        self._evidence = seen
        self._keeps = [rule for rule in policies.keep_rules if rule.files.tracked is not Tracked.UNTRACKED]
        self._emptied: dict[RelPath, _Seen] = {}
        self._removed: dict[RelPath, Removed] = {}
        self._emptying: dict[frozenset[RuleName], frozenset[RuleName]] = {}
        """Each set of rules once: hardly any directory has one of its own."""

    def add(self, facts: DirectoryFacts, owner: JobId, rules: frozenset[RuleName], *, all_go: bool) -> None:
        """Note a directory of `owner` alone, and whether every file in it goes by `rules`."""
        inside = is_at_or_below(facts.path, self._evidence.owners[owner].job.workspace)
        if inside and all_go and facts.complete and facts.inode is not None:
            shared = self._emptying.setdefault(rules, rules)
            self._emptied[facts.path] = _Seen(facts.inode, owner, facts.subdirectories, shared)

    def take(self, removed: Mapping[RelPath, Removed]) -> None:
        """Add the directories that go in a part of the tree that was decided elsewhere, each with all below it."""
        self._removed.update(removed)

    def removable(self) -> dict[RelPath, Removed]:
        """The directories that go, with the rules that leave them empty; asked for once, when all were added."""
        going = self._removed
        # They were added in plan order: deepest first.
        for path in [*reversed(self._emptied)]:
            # What was noted of each is let go at once: both together would be the most that a plan holds.
            found = self._emptied.pop(path)
            below = [join(path, name) for name in found.subdirectories]
            if not all(one in going for one in below) or self._stays(path, found):
                continue
            rules = found.rules.union(*(going[one].rules for one in below)) - {BUILT_IN}
            if not rules and not found.rules and not below and not self._built_in_is_due(path, found.owner):
                continue
            going[path] = Removed(found.inode, tuple(sorted(rules)) or (BUILT_IN,), (found.owner,))
        return going

    def _stays(self, path: RelPath, found: _Seen) -> bool:
        owner = self._evidence.owners[found.owner]
        return (
            owner.status not in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.ABANDONED}
            or owner.layout is None
            or not self._policies.settings.cleanup.enabled
            or protection_of_directory(path, self._evidence) is not None
            or pinned_at_or_below(path, self._evidence) is not None
            or self._is_kept(path)
            or path in self._evidence.above_workspaces
        )

    def _is_kept(self, path: RelPath) -> bool:
        # A keep rule speaks of files; a pattern of it that names this very directory is read widely all the same.
        return any(
            rule.files.match is not None and rule.files.match.match(path, is_directory=True) is not None
            for rule in self._keeps
        )

    def _built_in_is_due(self, path: RelPath, owner_id: JobId) -> bool:
        if is_taken_whole(self._evidence.owners[owner_id], path, self._evidence):
            return False
        owner, restored = self._evidence.owners[owner_id], restored_at(path, self._evidence)
        waits = job_waits(owner, self._policies.settings, restored)
        if isinstance(waits, Unknown):
            return False
        settings, own = self._policies.settings, owner.job.cleanup
        own_off = own is not None and (not own.enabled or (settings.debug and own.debug_mode_disables))
        off = own_off or (settings.debug and settings.cleanup.debug_mode_disables)
        every = (*waits, *self._built_in_wait(owner, restored))
        return not off and all(wait.until <= self._evidence.now for wait in every)

    def _built_in_wait(self, owner: Owner, restored: Instant | None) -> tuple[Wait, ...]:
        built_in = self._evidence.built_in
        wait = built_in.after.of(owner.status.counts_as) if built_in and built_in.after else None
        if owner.end is None or wait is None:
            return (Wait(FOREVER, BUILT_IN),)
        base = owner.end if restored is None else max(owner.end, restored)
        return (Wait(base + wait, BUILT_IN),)
