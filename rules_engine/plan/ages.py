"""When a file becomes due: the clock that a rule reads, the failure shield, and the job's own policy."""

from dataclasses import dataclass
from typing import Final

from rules_engine.inventory.model import FileFact
from rules_engine.plan.select import Unknown
from rules_engine.plan.subject import Owner, Subject
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Rule, Settings, Since
from rules_engine.values.quantities import EARLIEST, FOREVER, Duration, Instant
from rules_engine.values.vocabulary import JobStatus

SHIELD: Final = "cleanup.preserve_on_failure"
OWN_SHIELD: Final = "preserve_on_failure of the job's own policy"
SHIELDS: Final = frozenset({SHIELD, OWN_SHIELD})
"""The waits that keep the files of failed jobs, whatever clock a rule uses."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that a removal waits for: when it is over, and its name for people."""

    until: int
    """Instant; FOREVER or later never comes."""
    name: str


def aged_from(since: Since | None, subject: Subject, now: Instant) -> Instant | Unknown:
    """The instant from which the age of `subject` counts; unknown where a time is missing or in the future."""
    base = _by_its_times(since, subject, now)
    if isinstance(base, Unknown) or subject.restored is None:
        return base
    # A file that was put back would else go again with the next plan, for all its times are as old as before.
    return max(base, subject.restored)


def _by_its_times(since: Since | None, subject: Subject, now: Instant) -> Instant | Unknown:
    file, owner = subject.file, subject.owner
    touched = _known(file.mtime_ns, "mtime", now) if reads_mtime(since, subject) else _changed(file, now)
    if owner is None or not counts_from_end(since, owner):
        return touched
    end = end_of_job(owner, now)
    if isinstance(end, Unknown) or isinstance(touched, Unknown):
        return end if isinstance(end, Unknown) else touched
    return max(end, touched)


def counts_from_end(since: Since | None, owner: Owner | None) -> bool:
    """Whether a file is no older than the time for which its job has ended."""
    return owner is not None and since not in {Since.WRITTEN, Since.CHANGED}


def reads_mtime(since: Since | None, subject: Subject) -> bool:
    """Whether its mtime alone says how old the file is; else its ctime counts as well."""
    # A file that its seal vouches for was there when the job ended: a later ctime (a mode, a link) does not
    # make it younger. Any other file may have come later with an old mtime, so its ctime counts as well.
    return since is Since.WRITTEN or (subject.file.vouched and counts_from_end(since, subject.owner))


def _changed(file: FileFact, now: Instant) -> Instant | Unknown:
    return newer(file.mtime_ns, file.ctime_ns, now)


def end_of_job(owner: Owner, now: Instant) -> Instant | Unknown:
    """When the job of `owner` ended; unknown where that is missing or in the future."""
    return _known(owner.end, _end_of(owner), now)


def _end_of(owner: Owner) -> str:
    return f"the end of job `{owner.job.job_id}`"


def newer(mtime_ns: int | None, ctime_ns: int | None, now: Instant) -> Instant | Unknown:
    """The newer of two times; unknown where one of them is."""
    mtime, ctime = _known(mtime_ns, "mtime", now), _known(ctime_ns, "ctime", now)
    if isinstance(mtime, Unknown):
        return mtime
    return ctime if isinstance(ctime, Unknown) else max(mtime, ctime)


def _known(time: int | None, name: str, now: Instant) -> Instant | Unknown:
    if time is None:
        return Unknown(f"{name} cannot be read")
    if time < EARLIEST:
        # Some filesystems hold it; a plan file does not, and one such file must not stop all others.
        return Unknown(f"{name} is before the year 1678")
    return Instant(time) if time <= now else Unknown(f"{name} is in the future")


def rule_wait(rule: Rule, subject: Subject, now: Instant) -> Wait | Unknown:
    """What `rule` waits for before it removes `subject`."""
    base = aged_from(rule.since, subject, now)
    if isinstance(base, Unknown):
        return base
    return wait_after(rule, base, subject.owner)


def wait_after(rule: Rule, base: Instant, owner: Owner | None) -> Wait | Unknown:
    """What `rule` waits for where the age counts from `base`."""
    status = owner.status.counts_as if owner else None
    wait = rule.after.of(status) if rule.after else None
    if wait is None:
        return Unknown(f"rule `{rule.name}` has no `after` for it")
    return Wait(_later(base, wait), _name_of(rule))


def _later(base: int, wait: int) -> int:
    # An instant before 1970 is negative: added to FOREVER it would make an end of what has none.
    return FOREVER if wait >= FOREVER else base + wait


def _name_of(rule: Rule) -> str:
    return BUILT_IN if rule.name == BUILT_IN else f"rule `{rule.name}`"


def job_waits(owner: Owner, settings: Settings, restored: Instant | None = None) -> tuple[Wait, ...] | Unknown:
    """What holds the files of a job back besides rules: the failure shield and the job's own policy.

    They count from the end of the job, or from when the file was put back from the trash, if that was later.
    Unknown where one of them counts from an end that is not known.
    """
    own = owner.job.cleanup
    after: list[tuple[Duration, str]] = []
    if owner.status.counts_as is JobStatus.FAILED:
        after.append((settings.cleanup.preserve_on_failure, SHIELD))
        if own is not None:
            after.append((own.preserve_on_failure, OWN_SHIELD))
    if own is not None:
        after.append((own.retention, "retention of the job's own policy"))
    if not after:
        return ()
    if owner.end is None:
        # A rule may age the file by its own times; the shield would be gone with the end it counts from.
        return Unknown(f"{_end_of(owner)} cannot be read")
    base = owner.end if restored is None else max(owner.end, restored)
    return tuple(Wait(_later(base, wait), name) for wait, name in after)


def never_comes(wait: Wait) -> bool:
    """Whether a wait has no end."""
    return wait.until >= FOREVER
