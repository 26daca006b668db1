"""A command in our place: it gets the signals that are meant for us, and we wait for its end."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

FORWARDED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
KILLED: Final = 128
"""More than the number of the signal that ended a command."""
# What Python ignores for itself would stay ignored in the command, and `yes | head` would never end.
_AS_IN_A_SHELL: Final = (signal.SIGPIPE, signal.SIGXFSZ)
_BY_THE_KERNEL: Final = 0x80
_LOOK_S: Final = 0.5
"""How long the end of the command can go unheard."""


@contextmanager
def holding_signals() -> Iterator[None]:
    """Hold back the signals that are meant for the command while the block runs; none ends us half-way."""
    watched = {*FORWARDED, signal.SIGCHLD}
    # Where our parent ignores the end of its children, the system would throw that of ours away.
    handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        yield
    finally:
        # Who asked to stop has been heard by the command, or came too late to stop anything.
        while signal.sigtimedwait(watched, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGCHLD, handler)


def run_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    inherits: int,
    beat: Callable[[], None],
    every_s: float | None,
) -> int:
    """Run a command to its end while signals are held; its status, 128 + n when signal n ended it.

    The command keeps the descriptor `inherits`. `beat` is called every so often while it runs; never for None.

    Raises:
        OSError: when the command cannot be started.
    """
    child = _spawn(command, environment, inherits)
    beaten = time.monotonic()
    while (status := _next(child)) is None:
        if every_s is not None and time.monotonic() - beaten >= every_s:
            beat()
            beaten = time.monotonic()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else KILLED - code


def _spawn(command: Sequence[str], environment: Mapping[str, str], inherits: int) -> int:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    os.set_inheritable(inherits, True)
    try:
        return os.posix_spawnp(
            command[0],
            list(command),
            environment,
            setsigmask=mask.difference(FORWARDED, {signal.SIGCHLD}),
            setsigdef=_AS_IN_A_SHELL,
        )
    finally:
        os.set_inheritable(inherits, False)


def _next(child: int) -> int | None:
    """Wait for one signal, or a while, and deal with it; the status of the child once it has ended."""
    # A signal to the process may be thrown away by another thread of it, which holds none back.
    heard = signal.sigtimedwait({*FORWARDED, signal.SIGCHLD}, _LOOK_S)
    if heard is not None and heard.si_signo != signal.SIGCHLD:
        _forward(child, heard)
        return None
    ended, status = os.waitpid(child, os.WNOHANG)
    return status if ended else None


def _forward(child: int, heard: signal.struct_siginfo) -> None:
    # What is typed at a terminal reaches every process of the group: sent on, one Ctrl-C would count as two.
    with suppress(ProcessLookupError):
        if heard.si_code != _BY_THE_KERNEL or os.getpgid(child) != os.getpgrp():
            os.kill(child, heard.si_signo)
