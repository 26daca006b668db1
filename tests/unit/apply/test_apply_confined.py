"""The thread of a run and the thread of its caller."""

import contextvars
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rules_engine.apply.confined import Caller, CallersClock, run_confined
from rules_engine.errors import RefusedError
from rules_engine.filesystem import landlock
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.guards import GuardState
from rules_engine.filesystem.root import Root


@pytest.fixture
def top(root: Root) -> Directory:
    """The directory of a root."""
    return root.directory


def interrupted_soon() -> None:
    """Have the main thread of this process interrupted, as Ctrl-C does, once it waits."""
    threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT)).start()


def until_interrupted(caller: Caller) -> None:
    """Carry out steps until the caller is interrupted."""
    while not caller.is_interrupted():
        time.sleep(0.005)
    raise KeyboardInterrupt


def test_the_run_is_bound_and_its_caller_is_not(top: Directory, tmp_path: Path) -> None:
    """What the run may not write, the caller writes before, after, and when it is called in between."""
    if landlock.abi() < landlock.OLDEST_ABI:
        pytest.skip("this kernel has no Landlock, or none that allows moves")
    beside = tmp_path.parent / f"{tmp_path.name}-beside"

    def act(caller: Caller, guard: GuardState) -> GuardState:
        with pytest.raises(PermissionError):
            beside.touch()
        caller.call(beside.touch)
        top.create_file("inside", b"")
        return guard

    assert run_confined(top, act).active
    assert beside.exists()
    beside.unlink()


def test_what_is_the_callers_runs_in_its_thread(top: Directory) -> None:
    """Questions do, one after another; the run itself has a thread of its own, with the caller's context."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="")
    variable.set("of the caller")
    seen: list[Any] = []

    def act(caller: Caller, _: GuardState) -> None:
        seen.append((variable.get(), threading.current_thread().name))
        for _number in range(3):
            caller.call(lambda: seen.append(threading.get_ident()))

    run_confined(top, act)
    assert seen == [("of the caller", "rules-engine"), *[threading.get_ident()] * 3]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_crosses_in_both_directions(top: Directory, error: BaseException) -> None:
    """What a question raises is raised in the run, and what the run raises in its caller: the very exception."""
    caught: list[BaseException] = []

    def fail() -> None:
        raise error

    def act(caller: Caller, _: GuardState) -> None:
        try:
            caller.call(fail)
        except BaseException as err:
            caught.append(err)
            raise

    with pytest.raises(type(error)) as raised:
        run_confined(top, act)
    assert caught == [raised.value] == [error]


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_ends_the_run_at_its_next_step(top: Directory) -> None:
    """The run is told, ends in its own way, and its error reaches the caller instead of the bare interruption."""
    ended: list[str] = []

    def act(caller: Caller, _: GuardState) -> None:
        interrupted_soon()
        try:
            until_interrupted(caller)
        except KeyboardInterrupt:
            caller.call(lambda: ended.append("recorded"))
            raise ValueError("interrupted after what was recorded") from None

    with pytest.raises(ValueError, match="after what was recorded"):
        run_confined(top, act)
    assert ended == ["recorded"]


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_that_comes_too_late_is_not_lost(top: Directory) -> None:
    """The run is through, and the user still asked the program to end."""

    def act(caller: Caller, _: GuardState) -> str:
        interrupted_soon()
        while not caller.is_interrupted():
            time.sleep(0.005)
        return "through"

    with pytest.raises(KeyboardInterrupt):
        run_confined(top, act)


def test_interruptions_one_after_another_do_not_leave_the_run_alone(top: Directory) -> None:
    """Handles and locks are the run's until it ended, however impatient somebody is."""
    heard: list[int] = []
    ended: list[bool] = []

    def handle(*_: object) -> None:
        heard.append(len(heard))
        raise KeyboardInterrupt

    def act(caller: Caller, _: GuardState) -> None:
        for number in range(20):
            os.kill(os.getpid(), signal.SIGUSR1)
            while len(heard) <= number:
                time.sleep(0.001)
        caller.call(lambda: ended.append(caller.is_interrupted()))

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_confined(top, act)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (len(heard), ended) == (20, [True])


def test_what_a_signal_handler_raises_is_raised_when_the_run_ended(top: Directory) -> None:
    """It stops the run like Ctrl-C, and is not replaced by what the run made of it."""

    def handle(*_: object) -> None:
        raise SystemExit(7)

    def act(caller: Caller, _: GuardState) -> None:
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        until_interrupted(caller)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        with pytest.raises(SystemExit) as raised:
            run_confined(top, act)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert raised.value.code == 7


@pytest.mark.usefixtures("interruptible")
def test_a_wait_of_the_run_ends_with_the_interruption(top: Directory) -> None:
    """A retry that would take an hour does not hold Ctrl-C up; nor does one that begins after it."""
    started = time.monotonic()

    def act(caller: Caller, _: GuardState) -> None:
        clock = CallersClock(SystemClock(), caller)
        assert clock.now() <= SystemClock().now()
        interrupted_soon()
        clock.sleep(3_600)

    with pytest.raises(KeyboardInterrupt):
        run_confined(top, act)

    def late(caller: Caller, _: GuardState) -> None:
        interrupted_soon()
        while not caller.is_interrupted():
            time.sleep(0.005)
        CallersClock(SystemClock(), caller).sleep(3_600)

    with pytest.raises(KeyboardInterrupt):
        run_confined(top, late)
    assert time.monotonic() - started < 60


def test_it_works_from_any_thread(top: Directory) -> None:
    """A server that cleans up in a worker thread has no main thread to lend."""
    found: list[str] = []

    def work() -> None:
        found.append(run_confined(top, lambda _caller, _guard: "done"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["done"]


def test_no_thread_to_be_had_is_refused(top: Directory) -> None:
    """Where the limit of threads is reached, one line says so before anything is touched."""
    before = threading.stack_size(2**46)
    try:
        with pytest.raises(RefusedError, match="no thread can be started for the run"):
            run_confined(top, lambda _caller, _guard: None)
    finally:
        threading.stack_size(before)
