import errno
from typing import Any

import pytest

from rules_engine.apply.retry import TRANSIENT, Retrier
from rules_engine.policy.model import Retry
from rules_engine.values.quantities import SECOND, Duration


class Failing:
    """An attempt that fails with each of `codes`, then succeeds."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.calls = 0

    def __call__(self) -> str:
        """Fail or succeed."""
        self.calls += 1
        if self.codes:
            raise OSError(self.codes.pop(0), "no")
        return "done"


@pytest.mark.parametrize("code", sorted(TRANSIENT))
def test_a_transient_error_is_tried_again_after_a_wait(code: int, clock: Any) -> None:
    """What failed for a moment succeeds at the second attempt, one wait later."""
    attempt = Failing()
    assert Retrier(Retry(), clock).again(OSError(code, "no"), attempt) == "done"
    assert attempt.calls == 1
    assert len(clock.slept) == 1


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO])
def test_a_lasting_error_is_raised_at_once(code: int, clock: Any) -> None:
    """What will not change is not tried again."""
    attempt = Failing()
    with pytest.raises(OSError, match="no") as caught:
        Retrier(Retry(), clock).again(OSError(code, "no"), attempt)
    assert (caught.value.errno, attempt.calls, clock.slept) == (code, 0, [])


def test_attempts_are_counted_with_the_first_one(clock: Any) -> None:
    """`attempts: 4` is one first try and three more, and then the last error."""
    attempt = Failing(*[errno.EBUSY] * 9)
    with pytest.raises(OSError, match="no"):
        Retrier(Retry(attempts=4), clock).again(OSError(errno.EBUSY, "no"), attempt)
    assert attempt.calls == 3


def test_a_lasting_error_ends_the_attempts(clock: Any) -> None:
    """An attempt that finds another, lasting error is the last one."""
    attempt = Failing(errno.EBUSY, errno.EACCES, errno.EBUSY)
    with pytest.raises(PermissionError):
        Retrier(Retry(), clock).again(OSError(errno.EBUSY, "no"), attempt)
    assert attempt.calls == 2


def test_waits_double_up_to_the_longest(clock: Any) -> None:
    """Each wait lies between half of its step and all of it; steps double and stop at the longest."""
    retry = Retry(attempts=5, first_wait=Duration(SECOND), longest_wait=Duration(3 * SECOND))
    Retrier(retry, clock, jitter=lambda: 0.0).again(OSError(errno.EBUSY, "no"), Failing(*[errno.EBUSY] * 3))
    assert clock.slept == [0.5, 1.0, 1.5, 1.5]


def test_jitter_fills_the_other_half(clock: Any) -> None:
    """The jitter of one is the whole step."""
    retry = Retry(first_wait=Duration(SECOND))
    Retrier(retry, clock, jitter=lambda: 1.0).again(OSError(errno.EBUSY, "no"), Failing())
    assert clock.slept == [1.0]
