"""The entry point: finds the command, loads only that one, and turns every error into text and an exit code."""

import gc
import os
import sys
from typing import NoReturn

from rules_engine import __version__
from rules_engine.errors import ExitCode

_VERSION_ASKED = (["--version"], ["-V"])
_OFF = frozenset({"", "0", "false", "no", "off"})


def main() -> NoReturn:
    """Run the command line and exit."""
    arguments = sys.argv[1:]
    if arguments in _VERSION_ASKED:
        # Scripts ask this often; nothing else needs to be loaded for the answer.
        sys.stdout.write(f"rules {__version__}\n")
        sys.exit(ExitCode.DONE)
    # Loading makes much and leaves no garbage; `commands.py` lets the collector begin once the command is loaded.
    gc.disable()
    sys.exit(_run_heeding_signals(arguments))


def _run_heeding_signals(arguments: list[str]) -> int:
    try:
        from rules_engine.cli.stopping import hear_signals, ignore_signals  # noqa: PLC0415 - see main

        hear_signals()
        code = run(arguments)
        ignore_signals()
    except KeyboardInterrupt:
        # While modules were loaded, or between the last word and the exit.
        return ExitCode.INTERRUPTED
    return code


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; never raises for what a user or the disk did."""
    from rules_engine.cli.commands import invoke  # noqa: PLC0415 - loading click would slow `--version`
    from rules_engine.cli.terminal import complain  # noqa: PLC0415 - same

    try:
        return invoke(arguments)
    except KeyboardInterrupt:
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as err:  # noqa: BLE001 - the last resort: a person gets one line instead of a traceback
        return _unexpected(err, arguments)


def _unexpected(err: Exception, arguments: list[str]) -> int:
    from rules_engine.cli.terminal import complain, talk  # noqa: PLC0415 - see run

    if "--verbose" in arguments or os.environ.get("RULES_DEBUG", "0").casefold() not in _OFF:
        import traceback  # noqa: PLC0415 - see run

        talk("".join(traceback.format_exception(err)).rstrip())
    kind = type(err).__name__
    complain(
        f"unexpected {kind}: {err}\n"
        f"  help: this is a defect; report this line, the command and `rules {__version__}`; "
        "`RULES_DEBUG=1` shows where it happened"
    )
    return ExitCode.UNEXPECTED
