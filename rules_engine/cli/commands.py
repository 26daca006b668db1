"""The commands by name, each loaded when it is asked for, and how their errors end."""

import errno
import gc
from importlib import import_module
from io import StringIO
from typing import Final

import click

from rules_engine import __version__
from rules_engine.cli.options import MEANINGS, exits
from rules_engine.cli.terminal import complain, refusal, talk
from rules_engine.errors import ExitCode, RulesError
from rules_engine.values.text import escape

COMMANDS: Final = (
    "init",
    "demo",
    "check",
    "test",
    "diff",
    "analyze",
    "plan",
    "forecast",
    "show",
    "apply",
    "explain",
    "runs",
    "restore",
    "trash",
    "clean",
    "pin",
    "unpin",
    "run",
    "job",
    "manifest",
    "schema",
)

# What a disk, its permissions or a host that is short of something say; it is nobody's defect.
_OF_THE_DISK: Final = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM),
        *(errno.EBUSY, errno.EAGAIN, errno.ESTALE, errno.ETXTBSY, errno.ENOLCK),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
        *(errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EREMOTEIO),
    }
)


class Commands(click.Group):
    """A group whose commands are modules: `rules plan` is `plan` in `cli/plan.py`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"rules_engine.cli.{cmd_name}"), cmd_name)
        if not gc.isenabled():
            # See main: what was loaded stays, so the collector need never look through it.
            gc.freeze()
            gc.enable()
        return command


@click.group(cls=Commands, epilog=exits(*MEANINGS), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", "-V", prog_name="rules", message="%(prog)s %(version)s")
def rules() -> None:
    """Say what may go, when, and what must stay; see the plan; apply exactly that plan."""


def invoke(arguments: list[str]) -> int:
    """Run one command; usage errors and errors of the program become text on stderr and their exit code."""
    try:
        code = rules.main(arguments, prog_name="rules", standalone_mode=False)
    except click.exceptions.Abort as err:
        raise KeyboardInterrupt from err
    except click.ClickException as err:
        # What was typed stands in it, and click prints it as it is.
        said = StringIO()
        err.show(file=said)
        talk("\n".join(map(escape, said.getvalue().split("\n"))), end="")
        return err.exit_code
    except RulesError as err:
        # The text of invalid policies is a list of findings, each with `error` and its own place.
        say = talk if err.exit_code is ExitCode.INVALID_POLICY else complain
        say(str(err))
        return err.exit_code
    except OSError as err:
        if err.errno not in _OF_THE_DISK:
            raise
        complain(refusal(err))
        return ExitCode.UNEXPECTED
    return code if isinstance(code, int) else ExitCode.DONE
