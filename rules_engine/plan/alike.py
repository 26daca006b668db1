"""Files of one directory that no rule can tell apart: they are judged once, however many they are.

A pipeline leaves hundreds of files that differ in a counter in their name. What a decision sees of a file is
its owners, its type, which patterns match it, its size where a rule asks for it, and its times; of a sealed file
that has not changed since its job ended, the times do not count. Files that agree in all of that share a judgement.
"""

from collections.abc import Hashable, Sequence

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.decide import Judgement, judge
from rules_engine.plan.protect import is_special, restored_at
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.policy.model import PolicySet, Rule, Since
from rules_engine.policy.patterns import PatternList
from rules_engine.values.vocabulary import EntryKind


class Judge:
    """Judges the files of one directory after another, and remembers its judgements for as long as one lasts."""

    def __init__(self, policies: PolicySet, seen: Evidence) -> None:
        self._policies = policies
        self._seen = seen
        self._patterns = _patterns(seen.file_rules)
        self._sized = any(
            rule.files.larger_than is not None or rule.files.smaller_than is not None for rule in seen.file_rules
        )
        self._timed = any(rule.since in {Since.CHANGED, Since.WRITTEN} for rule in seen.file_rules)
        self._judgements: dict[Hashable, Judgement] = {}

    def next_directory(self) -> None:
        """Forget the judgements of the last directory: another one may be protected, or lie elsewhere."""
        self._judgements.clear()

    def judge(self, file: FileFact, jobs: Sequence[JobRecord]) -> Judgement:
        """The judgement of `file`, shared with all files of its directory that are like it."""
        key = self._key(file, jobs)
        if key is None:
            return judge(file, jobs, self._policies, self._seen)
        found = self._judgements.get(key)
        if found is None:
            found = self._judgements[key] = judge(file, jobs, self._policies, self._seen)
        return found

    def _key(self, file: FileFact, jobs: Sequence[JobRecord]) -> Hashable | None:
        # Some names are protected for themselves; links may be a layout's; both are rare.
        if not jobs or self._timed or file.kind is not EntryKind.FILE or is_special(file.name):
            return None
        path = file.path
        if path in self._seen.guards.own or path in self._seen.pinned.paths or path in self._seen.pinned.over_paths:
            return None
        if restored_at(path, self._seen) is not None:
            return None
        owners = [self._seen.owners[job.job_id] for job in jobs]
        if not all(_is_settled(file, owner, self._seen) for owner in owners):
            return None
        size = file.size if self._sized else None
        types = tuple(owner.type_of(file) for owner in owners)
        ids = tuple(job.job_id for job in jobs)
        return (ids, types, size, *(patterns.match(path) for patterns in self._patterns))


def _is_settled(file: FileFact, owner: Owner, seen: Evidence) -> bool:
    # Then the age of the file counts from the end of the job alone, which all its settled files share.
    return (
        file.vouched and file.mtime_ns is not None and owner.end is not None and file.mtime_ns <= owner.end <= seen.now
    )


def _patterns(rules: Sequence[Rule]) -> tuple[PatternList, ...]:
    lists = (one for rule in rules for one in (rule.files.match, rule.files.exclude) if one is not None)
    # Each list once, however many rules share it; in order, because the order is part of the key.
    return tuple({(one.texts, one.reading): one for one in lists}.values())
