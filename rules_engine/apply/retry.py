"""Trying again what failed for a moment: bounded, with backoff and jitter, on the slow path only."""

import errno
import random
from collections.abc import Callable
from typing import Final, TypeVar

import tenacity

from rules_engine.policy.model import Retry
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import SECOND

T = TypeVar("T")

TRANSIENT: Final = frozenset({errno.EBUSY, errno.EINTR, errno.EAGAIN, errno.ESTALE, errno.ETXTBSY})
"""Errors that may be gone a moment later, of calls that are safe to repeat."""


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed a moment later."""
    return isinstance(error, OSError) and error.errno in TRANSIENT


class Retrier:
    """Repeats what failed for a moment, as `settings.retry` says."""

    def __init__(self, retry: Retry, clock: Clock, jitter: Callable[[], float] = random.random) -> None:
        self._retry = retry
        self._clock = clock
        self._jitter = jitter

    def again(self, failed: OSError, attempt: Callable[[], T]) -> T:
        """What `attempt` gives, after a first try that failed with `failed`.

        The first try is the caller's: a hundred thousand steps that succeed
        must not pay for a retry loop each.

        Raises:
            OSError: the last error, once it is not transient or the attempts are used up.
        """
        if not is_transient(failed):
            raise failed
        failures = [failed]

        def next_attempt() -> T:
            if failures:
                raise failures.pop()
            return attempt()

        return self._loop()(next_attempt)

    def _loop(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(max(1, self._retry.attempts)),
            wait=self._wait,
            retry=tenacity.retry_if_exception(is_transient),
            sleep=self._clock.sleep,
            reraise=True,
        )

    def _wait(self, state: tenacity.RetryCallState) -> float:
        # Half fixed, half jitter: two runs that met at one busy file do not meet there again.
        step = min(self._retry.first_wait << min(state.attempt_number - 1, 32), self._retry.longest_wait)
        return (step / 2 + step / 2 * self._jitter()) / SECOND
