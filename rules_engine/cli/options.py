"""The options that commands share, and what each `--help` says about exit codes."""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

import click

from rules_engine.errors import ExitCode, InvalidValueError
from rules_engine.policy.budget import STATES
from rules_engine.values.quantities import Instant, parse_duration, parse_instant

Command = TypeVar("Command", bound=Callable[..., object])

MEANINGS: Final = {
    ExitCode.DONE: "done; skipped steps (gone, changed, protected) are safe and counted",
    ExitCode.UNEXPECTED: "unexpected error",
    ExitCode.USAGE: "usage",
    ExitCode.SOME_FAILED: "some steps failed",
    ExitCode.INVALID_POLICY: "a policy is invalid",
    ExitCode.STALE_PLAN: "this plan no longer applies",
    ExitCode.REFUSED: "refused by a guard or limit, or not a root",
    ExitCode.LOCKED: "another run holds the lock",
    ExitCode.PENDING: "changes pending (--detailed-exitcode); more can be removed (rules diff)",
    ExitCode.UNTRUSTED_STATE: "the state cannot be trusted",
    ExitCode.JOB_NOT_STARTED: "rules run could not start the job",
    ExitCode.INTERRUPTED: "interrupted; the run can be resumed",
}
_AS_ALWAYS: Final[Mapping[ExitCode, str]] = MappingProxyType({})
ALWAYS: Final = (ExitCode.DONE, ExitCode.UNEXPECTED, ExitCode.USAGE)
CARRYING_OUT: Final = (
    ExitCode.SOME_FAILED,
    ExitCode.INVALID_POLICY,
    ExitCode.REFUSED,
    ExitCode.LOCKED,
    ExitCode.UNTRUSTED_STATE,
    ExitCode.INTERRUPTED,
)
"""What every command can end with that carries out a plan."""


def exits(*codes: ExitCode, said: Mapping[ExitCode, str] = _AS_ALWAYS) -> str:
    """The end of a command's `--help`: its exit codes, besides those that every command has; `said` is of this one."""
    meanings = {**MEANINGS, **said}
    lines = [f"  {code:>3}  {meanings[code]}" for code in sorted({*ALWAYS, *codes})]
    return "\b\nExit codes:\n" + "\n".join(lines)


def policies_option(command: Command) -> Command:
    """Add `--policies`, which may be given more than once."""
    return click.option(
        "--policies",
        "folders",
        multiple=True,
        default=("policies",),
        metavar="DIR",
        help="A folder of policies, `policies` unless given; may be given more than once, later settings win.",
    )(command)


def root_option(command: Command) -> Command:
    """Add `--root`."""
    return click.option(
        "--root", "root_path", metavar="DIR", help="The directory under management, instead of the one in the settings."
    )(command)


def at_option(command: Command) -> Command:
    """Add `--at`."""
    return click.option(
        "--at",
        metavar="TIME",
        help="Ask about another moment: `+7d`, a date, or ISO 8601. A plan of the future cannot be applied.",
    )(command)


def format_option(command: Command) -> Command:
    """Add `--format`."""
    return _format_option(command, "text", "json", said="Text for people, or one JSON document.")


def plan_format_option(command: Command) -> Command:
    """Add `--format` of a command that shows a plan."""
    said = "Text for people, Markdown for a comment on a pull request, or one JSON document."
    return _format_option(command, "text", "markdown", "json", said=said)


def tests_format_option(command: Command) -> Command:
    """Add `--format` of a command that runs cases."""
    return _format_option(command, "text", "json", "junit", said="Text for people, one JSON document, or JUnit XML.")


def _format_option(command: Command, *forms: str, said: str) -> Command:
    """Add `--format` with these forms, of which the first is the default."""
    option = click.option("--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help=said)
    return option(command)


def talk_options(command: Command) -> Command:
    """Add `--quiet` and `--verbose`."""
    return _talk_options(command, expose=True)


def progress_option(command: Command) -> Command:
    """Add `--progress`."""
    return click.option(
        "--progress",
        "telling",
        type=click.Choice(["line", "json", "none"]),
        default="line",
        show_default=True,
        help="How far long work is, on stderr: one line on a terminal, or one JSON object a line; see docs/reference.",
    )(command)


def jobs_option(command: Command) -> Command:
    """Add `--jobs`."""
    return click.option(
        "--jobs",
        "processes",
        type=click.IntRange(min=1),
        default=_usable_processors,
        metavar="N",
        help="How many processes decide a long plan; 1 does it in this one. Default: one for each processor.",
    )(command)


def _usable_processors() -> int:
    # A container may be given fewer than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ignored_talk_options(command: Command) -> Command:
    """Add `--quiet` and `--verbose` to a command that has neither remarks nor more to say, so that all take them."""
    return _talk_options(command, expose=False)


def _talk_options(command: Command, *, expose: bool) -> Command:
    quiet = click.option("--quiet", is_flag=True, expose_value=expose, help="No remarks on stderr.")
    more = "Name more, and show the cause of an unexpected error."
    return quiet(click.option("--verbose", is_flag=True, expose_value=expose, help=more)(command))


def moment_asked(at: str | None, now: Instant) -> Instant:
    """The instant that `--at` writes; without it, `now`.

    Raises:
        InvalidValueError: for anything but `+DURATION`, `-DURATION`, a date, or ISO 8601.
    """
    if at is None:
        return now
    if at.startswith(("+", "-")):
        distance = parse_duration(at[1:])
        return Instant(now + distance if at[0] == "+" else now - distance)
    try:
        return parse_instant(at)
    except InvalidValueError as err:
        raise InvalidValueError("time", at, "is neither a distance such as `+7d`, a date, nor ISO 8601") from err


def guards_option(command: Command) -> Command:
    """`--require-guards`."""
    return click.option(
        "--require-guards",
        is_flag=True,
        help="Refuse to go on where a guard of the system is not active; the report of each run names them.",
    )(command)


def budget_option(command: Command) -> Command:
    """`--budget STATES`."""
    return click.option(
        "--budget",
        type=click.IntRange(min=1),
        default=STATES,
        show_default=True,
        metavar="STATES",
        help="How many states a proof may look at; beyond that the answer is unknown.",
    )(command)


def release_option(command: Command) -> Command:
    """`--release RULE`, as often as needed."""
    return click.option(
        "--release",
        "releases",
        multiple=True,
        metavar="RULE",
        help="Let files go that keep rule RULE of earlier applied policies still protects; `rules plan` names them.",
    )(command)
