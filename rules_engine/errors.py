"""The base class of all errors and the exit codes; a concrete error lives beside what it speaks of."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status says; DESIGN of the command line, listed in each `--help`."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    SOME_FAILED = 3
    INVALID_POLICY = 4
    STALE_PLAN = 5
    REFUSED = 6
    LOCKED = 7
    PENDING = 8
    UNTRUSTED_STATE = 9
    JOB_NOT_STARTED = 125
    INTERRUPTED = 130


class RulesError(Exception):
    """Anything that stops the program on purpose: its text says what, where, and what to do next.

    Every field of a subclass goes to `super().__init__`, or the error will not
    survive a process pool; the text is made in `__str__`.
    """

    exit_code: ExitCode = ExitCode.UNEXPECTED


class InvalidValueError(RulesError, ValueError):
    """A value given by a caller or a user cannot be what it claims to be."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, value: str, why: str) -> None:
        super().__init__(what, value, why)
        self.what = what
        self.value = value
        self.why = why

    def __str__(self) -> str:
        return f"{self.what} `{self.value}` {self.why}"


class RefusedError(RulesError):
    """A guard or a limit refuses to go on; nothing was changed."""

    exit_code = ExitCode.REFUSED

    def __init__(self, what: str, help_text: str) -> None:
        super().__init__(what, help_text)
        self.what = what
        self.help_text = help_text

    def __str__(self) -> str:
        return f"{self.what}\n  help: {self.help_text}"


class UntrustedStateError(RulesError):
    """The state below `.rules` cannot be read or fails its check; planning on it could delete too much."""

    exit_code = ExitCode.UNTRUSTED_STATE

    def __init__(self, path: str, why: str, help_text: str) -> None:
        super().__init__(path, why, help_text)
        self.path = path
        self.why = why
        self.help_text = help_text

    def __str__(self) -> str:
        return f"the state cannot be trusted: `{self.path}` {self.why}\n  help: {self.help_text}"


class LockedError(RulesError):
    """Another process holds a lock that this command needs."""

    exit_code = ExitCode.LOCKED

    def __init__(self, what: str, holder: str) -> None:
        super().__init__(what, holder)
        self.what = what
        self.holder = holder

    def __str__(self) -> str:
        return f"{self.what} is locked by {self.holder}\n  help: wait for it, or try again later"
