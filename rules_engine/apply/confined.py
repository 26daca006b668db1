"""The thread of its own in which a plan is carried out, so that the kernel can bind it; the caller stays unbound.

Whatever is the caller's runs in the thread of the caller: listeners, waiting, and the exceptions of signal handlers.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

from rules_engine.errors import RefusedError
from rules_engine.filesystem import linux
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.guards import Guard, GuardState, confine_thread, missing
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import Instant

T = TypeVar("T")

_PATIENCE_S: Final = 0.5
"""How long a wake-up may be lost that a signal handler swallowed."""


_MEND: Final = {
    Guard.OPENAT2: "use Linux 5.6 or newer, and a container that allows `openat2`",
    Guard.MOUNTS: "use Linux 5.8 or newer, or have /proc",
    Guard.RENAMEAT2: "have the root on a filesystem that can rename without replacing",
    Guard.LANDLOCK: "use Linux 5.19 or newer with `landlock` among `lsm=` at boot, and a container that allows it",
}


def check_guards(guards: Sequence[GuardState]) -> None:
    """Go on only with every guard that there is.

    Raises:
        RefusedError: when one is not active; nothing was touched.
    """
    absent = missing(guards)
    if absent:
        what = "; ".join(f"the guard `{one.guard}` is not active: {one.note}" for one in absent)
        mend = "; ".join(_MEND[one.guard] for one in absent)
        raise RefusedError(what, f"{mend}; or go on without, and leave `--require-guards` out")


class Caller:
    """The thread that asked for the run, as the thread that carries it out sees it."""

    def __init__(self) -> None:
        self._to_caller: SimpleQueue[None] = SimpleQueue()
        self._to_us: SimpleQueue[None] = SimpleQueue()
        # Both sides go by these numbers. The queues only wake them up, and may be one too many or too few.
        self._asked = 0
        self._taken = 0
        self._answered = 0
        self._question: Callable[[], None] = _nothing
        self._failure: BaseException | None = None
        self._interruption: BaseException | None = None

    def call(self, question: Callable[[], None]) -> None:
        """Have the caller's thread run this, and wait for it; what it raises is raised here."""
        self._question = question
        self._asked += 1
        self._to_caller.put(None)
        while self._answered != self._asked:
            _wait(self._to_us)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def is_interrupted(self) -> bool:
        """Whether a signal handler raised something in the caller meanwhile: then the run is to end."""
        return self._interruption is not None

    def answer(self, is_over: Callable[[], bool]) -> BaseException | None:
        """In the caller's thread: answer until the run is over; what interrupted the wait for it, if anything did.

        The run ends at its next step then. Who interrupts it again waits all the same: its handles are in use.
        """
        while True:
            try:
                while not is_over():
                    _wait(self._to_caller)
                    self._turn()
            except BaseException as err:  # noqa: BLE001 - a signal handler may raise anything, anywhere in here
                self.interrupt(err)
            else:
                return self._interruption

    def interrupt(self, why: BaseException) -> None:
        """Have the run stop at its next step."""
        self._interruption = self._interruption or why

    def wake(self) -> None:
        """End the caller's wait."""
        self._to_caller.put(None)

    def _turn(self) -> None:
        number = self._asked
        if self._answered == number:
            return
        if self._taken == number:
            # A signal came between the end of the question and its answer.
            self._failure = self._failure or self._interruption
        else:
            self._taken = number
            try:
                self._question()
            except BaseException as err:  # noqa: BLE001 - it belongs to who asked
                self._failure = err
        self._answered = number
        self._to_us.put(None)


class CallersClock:
    """A clock that waits in the thread of the caller, where a signal can end the wait."""

    def __init__(self, clock: Clock, caller: Caller) -> None:
        self._clock = clock
        self._caller = caller

    def now(self) -> Instant:
        """The time."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            KeyboardInterrupt: when the caller was interrupted, now or before.
        """
        self._caller.call(lambda: self._sleep(seconds))

    def _sleep(self, seconds: float) -> None:
        # Asked in the thread that signals interrupt: nothing comes in between that would be slept through.
        if self._caller.is_interrupted():
            raise KeyboardInterrupt
        self._clock.sleep(seconds)


class _Run(Generic[T]):
    """One run in its thread."""

    def __init__(self, root: Directory, act: Callable[[Caller, GuardState], T], caller: Caller) -> None:
        self._root = root
        self._act = act
        self._caller = caller
        self._thread_of_caller = linux.thread_id()
        self.entered = False
        self.cancelled = False
        self.is_over = False
        self.results: list[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        self.entered = True
        try:
            if not self.cancelled:
                self.results.append(self._act(self._caller, self._confine()))
        except BaseException as err:  # noqa: BLE001 - raised again in the thread of the caller
            self.error = err
        finally:
            self.is_over = True
            self._caller.wake()

    def _confine(self) -> GuardState:
        if linux.thread_id() == self._thread_of_caller:
            # Some libraries make threads that are none; what binds one of them binds all, for good.
            return GuardState(Guard.LANDLOCK, active=False, note="there are no threads of their own in this process")
        return confine_thread(self._root)


def run_confined(root: Directory, act: Callable[[Caller, GuardState], T]) -> T:
    """What `act` gives, carried out by a thread that may change nothing outside `root`, as far as the kernel can.

    It has the context variables of the caller. Where a signal handler raises in the caller,
    `Caller.is_interrupted` tells `act` to end; then that is raised again, unless it was a KeyboardInterrupt that `act`
    turned into an error of its own.

    Raises:
        RefusedError: when no thread can be started.
    """
    caller = Caller()
    course = _Run(root, act, caller)
    thread = threading.Thread(target=copy_context().run, args=(course.run,), name="rules-engine")
    try:
        thread.start()
    except RuntimeError as err:
        what = f"no thread can be started for the run: {err}"
        raise RefusedError(what, "raise the limit of processes (`ulimit -u`); nothing was touched") from err
    except BaseException as err:  # a signal while it starts
        course.cancelled = True
        if not course.entered:
            raise
        caller.interrupt(err)
    return _outcome(course, caller.answer(lambda: course.is_over))


def _outcome(course: _Run[T], interrupted: BaseException | None) -> T:
    error, course.error = course.error, None
    by_user = isinstance(interrupted, KeyboardInterrupt)
    try:
        if error is not None and (interrupted is None or by_user):
            raise error
        if interrupted is not None:
            raise interrupted
    finally:
        # An exception holds the frames that it passed, and this one holds the exception.
        del error, interrupted
    return course.results[0]


def _wait(queue: SimpleQueue[None]) -> None:
    with suppress(Empty):
        queue.get(timeout=_PATIENCE_S)


def _nothing() -> None:
    """Ask nothing."""
