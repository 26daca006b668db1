"""When files fall due that only their times tell apart: a little arithmetic for each, in place of a decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rules_engine.inventory.model import FileFact
from rules_engine.plan.ages import Wait, counts_from_end, end_of_job, reads_mtime, wait_after
from rules_engine.plan.subject import Subject
from rules_engine.policy.model import Rule, Since
from rules_engine.values.quantities import EARLIEST, FOREVER, Instant

_EPOCH: Final = Instant(0)
_NOTHING: Final = Wait(2 * EARLIEST, "")
"""Over before anything else, whatever time of a file it counts from."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What files wait for that differ in their times alone; these are known, and none lies in the future."""

    written: Wait
    """The longest that counts from mtime: when it would be over for a file of 1970."""
    changed: Wait
    """The longest that counts from the newer of mtime and ctime."""
    least: Wait
    """The last of those that are over for all of them at once."""

    def ends(self, files: Iterable[FileFact]) -> list[int]:
        """When each file falls due."""
        after_written, after_changed, least = self.written.until, self.changed.until, self.least.until
        found: list[int] = []
        for file in files:
            mtime, ctime = file.mtime_ns or 0, file.ctime_ns or 0
            # Compared, not given to `max`: a call takes as long as all the rest.
            newer = ctime if ctime > mtime else mtime  # noqa: FURB136 - as above
            end, changed = mtime + after_written, newer + after_changed
            if changed > end:  # noqa: PLR1730 - as above
                end = changed
            found.append(end if end > least else least)  # noqa: FURB136 - as above
        return found

    def only_wait(self, now: Instant) -> str:
        """The name of what every file waits for that is not due; empty where that differs."""
        if self.least.until > now or (self.written is not _NOTHING and self.changed is not _NOTHING):
            return ""
        return self.written.name or self.changed.name

    def waits_for(self, file: FileFact) -> str:
        """The name of what a file waits for last."""
        mtime, ctime = file.mtime_ns or 0, file.ctime_ns or 0
        return max(
            (mtime + self.written.until, self.written.name),
            (max(mtime, ctime) + self.changed.until, self.changed.name),
            (self.least.until, self.least.name),
        )[1]


def schedule_of(
    subject: Subject, rules: Iterable[Rule], over: Iterable[Rule], least: Iterable[Wait], now: Instant
) -> Schedule:
    """When files like that of `subject` fall due by `rules`, which can all be aged, and not before `least`.

    The keep rules `over` selected all of them, and do no more: none falls due before that.
    """
    lengths = [(rule.since, wait_after(rule, _EPOCH, subject.owner)) for rule in rules]
    ended = [(rule.since, Wait(rule.keep_for, "")) for rule in over if rule.keep_for is not None]
    return _schedule(subject, [*((since, one) for since, one in lengths if isinstance(one, Wait)), *ended], least, now)


def end_of_keeping(subject: Subject, rule: Rule, now: Instant) -> Schedule:
    """Until when a keep rule with `for` selects files like that of `subject`."""
    return schedule_of(subject, (), (rule,), (_NOTHING,), now)


def _schedule(
    subject: Subject, lengths: Iterable[tuple[Since | None, Wait]], least: Iterable[Wait], now: Instant
) -> Schedule:
    owner, restored = subject.owner, subject.restored
    end = end_of_job(owner, now) if owner is not None else None
    written, changed, every = [_NOTHING], [_NOTHING], list(least)
    for since, length in lengths:
        (written if reads_mtime(since, subject) else changed).append(length)
        bases = (restored, end if counts_from_end(since, owner) else None)
        every += [Wait(base + length.until, length.name) for base in bases if isinstance(base, int)]
    return Schedule(_last(written), _last(changed), _last(every))


def is_within_time(rule: Rule, now: Instant) -> bool:
    """Whether the age that `rule` waits for ends within the time that is told, for every file or for none."""
    waits = (rule.after.always, *(wait for _, wait in rule.after.by_status)) if rule.after is not None else ()
    # 90 000 days after a file of 1970 is in that time, and 90 000 days after one of today is not.
    return all(wait is None or wait >= FOREVER or now + wait < FOREVER for wait in waits)


def _last(waits: Iterable[Wait]) -> Wait:
    return max(waits, key=lambda wait: (wait.until, wait.name))
