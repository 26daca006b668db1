"""Whether a rule selects a subject: yes, no and for which conditions, or cannot tell."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from rules_engine.plan.standing import NO_RANKS, NoPlace, Ranks
from rules_engine.plan.subject import Owner, Subject
from rules_engine.policy.model import FileSelector, JobSelector, Rule, Tracked
from rules_engine.values.paths import RelPath


class Miss(StrEnum):
    """A condition that a file does not meet; the text says what the files that only fail this one are."""

    NO_OWNER = "match but no job declared them: `tracked: false`?"
    HAS_OWNER = "match but belong to a job: `tracked: any`?"
    DELIVERABLE = "match but are deliverables: `deliverables: true`?"
    STATUS = "match but their job has another status"
    RANK = "match but their job is on the other side of the newest"
    EXCEPT = "match but `except` leaves them out"
    FILE_TYPE = "match but are of another type"
    PLACE = "match but lie elsewhere: `in`?"
    SIZE = "match but have another size"
    PARAMETER = "match but their job has other parameters"
    JOB_TYPE = "match but belong to another type of job"
    PATTERN = "do not match the patterns"


OF_JOBS: Final = frozenset({Miss.STATUS, Miss.RANK, Miss.PARAMETER, Miss.JOB_TYPE})
"""The conditions that a job fails, not its file."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The rule selects the file."""


@dataclass(frozen=True, slots=True)
class NotMatched:
    """The rule does not select the file: the conditions that it fails; none where only its `for` is over."""

    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The rule cannot tell, and why."""

    why: str


Verdict: TypeAlias = Matched | NotMatched | Unknown

MATCHED: Final = Matched()


def select(rule: Rule, subject: Subject, ranks: Ranks = NO_RANKS) -> Verdict:
    """Whether `rule` selects `subject`; without `ranks`, one that asks for the place of a job cannot tell.

    A condition that is certainly not met outweighs one that cannot be told.
    """
    return select_at(rule, subject, missed_by_path(rule.files, subject.path), ranks)


def select_at(rule: Rule, subject: Subject, missed: Miss | None, ranks: Ranks = NO_RANKS) -> Verdict:
    """The same where it is known which condition the path of `subject` fails; None where it fails none."""
    misses: list[Miss] = []
    unknown: list[str] = []
    _select_owner(rule, subject.owner, ranks, misses, unknown)
    _select_what(rule, subject, missed, misses, unknown)
    return _verdict(misses, unknown)


def select_file(rule: Rule, subject: Subject) -> Verdict:
    """Whether `rule` selects the file, whatever its job is."""
    misses: list[Miss] = []
    unknown: list[str] = []
    _select_what(rule, subject, missed_by_path(rule.files, subject.path), misses, unknown)
    return _verdict(misses, unknown)


def select_job(rule: Rule, owner: Owner, ranks: Ranks = NO_RANKS) -> Verdict:
    """Whether `rule` selects the job, whatever its files are."""
    misses: list[Miss] = []
    unknown: list[str] = []
    _select_job(rule, owner, ranks, misses, unknown)
    return _verdict(misses, unknown)


def select_like(jobs: JobSelector, owner: Owner) -> Verdict:
    """Whether a selector selects the job, its place among its like left aside."""
    misses: list[Miss] = []
    unknown: list[str] = []
    _select_like(jobs, owner, misses, unknown)
    return _verdict(misses, unknown)


def _verdict(misses: list[Miss], unknown: list[str]) -> Verdict:
    if misses:
        return NotMatched(tuple(misses))
    return Unknown(", ".join(unknown)) if unknown else MATCHED


def _select_owner(rule: Rule, owner: Owner | None, ranks: Ranks, misses: list[Miss], unknown: list[str]) -> None:
    if owner is None:
        if rule.files.tracked is Tracked.TRACKED:
            misses.append(Miss.NO_OWNER)
        return
    if rule.files.tracked is Tracked.UNTRACKED:
        misses.append(Miss.HAS_OWNER)
    _select_job(rule, owner, ranks, misses, unknown)


def _select_job(rule: Rule, owner: Owner, ranks: Ranks, misses: list[Miss], unknown: list[str]) -> None:
    before = len(misses) + len(unknown)
    _select_like(rule.jobs, owner, misses, unknown)
    # Among its like has a place only who is surely one of them.
    if not rule.jobs.ranks or len(misses) + len(unknown) > before:
        return
    standing = ranks.of(rule, owner.job.job_id)
    if isinstance(standing, NoPlace):
        unknown.append(standing.why)
    elif standing.among is (rule.jobs.newest is None):
        misses.append(Miss.RANK)


def _select_like(jobs: JobSelector, owner: Owner, misses: list[Miss], unknown: list[str]) -> None:
    if jobs.types is not None and owner.job.job_type not in jobs.types:
        misses.append(Miss.JOB_TYPE)
    if jobs.statuses is not None and owner.status.counts_as not in jobs.statuses:
        misses.append(Miss.STATUS)
    for name, values in jobs.parameters:
        value = owner.job.parameters.get(name)
        if value is not None:
            if value not in values:
                misses.append(Miss.PARAMETER)
        elif owner.layout is None or any(name == known for known, _ in owner.layout.parameters):
            # The layout has the parameter and the manifest does not say it: it could be any of them.
            unknown.append(f"job `{owner.job.job_id}` does not say its `{name}`")
        else:
            misses.append(Miss.PARAMETER)


def _select_what(rule: Rule, subject: Subject, missed: Miss | None, misses: list[Miss], unknown: list[str]) -> None:
    _select_file(rule.files, subject, missed, misses, unknown)
    if rule.is_removal and subject.deliverable and not rule.deliverables:
        misses.append(Miss.DELIVERABLE)


def missed_by_path(files: FileSelector, path: RelPath) -> Miss | None:
    """Which condition of a selector a path fails; None where it fails none."""
    if files.match is not None and files.match.match(path) is None:
        return Miss.PATTERN
    left_out = files.exclude is not None and files.exclude.match(path) is not None
    return Miss.EXCEPT if left_out else None


def _select_file(
    files: FileSelector, subject: Subject, missed: Miss | None, misses: list[Miss], unknown: list[str]
) -> None:
    if files.types is not None and subject.file_type not in files.types:
        misses.append(Miss.FILE_TYPE)
    if files.place is not None and subject.place is not files.place:
        misses.append(Miss.PLACE)
    if missed is not None:
        misses.append(missed)
    _select_size(files, subject.file.size, misses, unknown)


def _select_size(files: FileSelector, size: int | None, misses: list[Miss], unknown: list[str]) -> None:
    if files.larger_than is None and files.smaller_than is None:
        return
    if size is None:
        unknown.append("its size cannot be read")
    elif (files.larger_than is not None and size <= files.larger_than) or (
        files.smaller_than is not None and size >= files.smaller_than
    ):
        misses.append(Miss.SIZE)
