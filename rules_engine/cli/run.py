"""`rules run`: any command as a job."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Final

import click

from rules_engine.apply.model import Noted
from rules_engine.cli.child import NOT_EXECUTABLE, NOT_FOUND, holding_signals, run_child
from rules_engine.cli.finishing import finish_job, told
from rules_engine.cli.options import exits, policies_option, root_option, talk_options
from rules_engine.cli.parameters import pairs
from rules_engine.cli.terminal import complain, refusal, talk
from rules_engine.errors import ExitCode, RulesError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.root import Root
from rules_engine.jobs import lifecycle
from rules_engine.jobs.environment import environment_of
from rules_engine.jobs.lifecycle import DirectoryNotMadeError
from rules_engine.jobs.planning import open_root
from rules_engine.jobs.starting import new_job_id
from rules_engine.manifest.errors import JobFinishedError
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import SECOND, Duration, parse_duration
from rules_engine.values.text import escape

_COMMAND: Final = "rules_engine.command"
_BEATS: Final = 3
"""How often in one lease a sign of life is given."""


class WithCommand(click.Command):
    """A command whose arguments end at `--`; what follows is somebody else's and is not read."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what is ours; the rest waits in the context."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta[_COMMAND] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The pieces of the usage line."""
        return [*super().collect_usage_pieces(ctx), "-- CMD..."]


@click.command(
    cls=WithCommand,
    short_help="run any command as a job",
    epilog=exits(ExitCode.JOB_NOT_STARTED)
    + f"\n  {NOT_EXECUTABLE:>3}  CMD cannot be executed\n  {NOT_FOUND:>3}  CMD was not found\n"
    "  any other: the status of CMD, or 128 + n when signal n ended it",
)
@click.argument("job_type", metavar="TYPE")
@click.argument("parameters", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--id", "job_id", metavar="ID", help="The id of the job; without it, one that no other job has.")
@click.option("--lease", metavar="AGE", help="For other hosts: without a sign of life for so long, it is abandoned.")
@policies_option
@root_option
@talk_options
@click.pass_context
def run(
    ctx: click.Context,
    *,
    job_type: str,
    parameters: tuple[str, ...],
    job_id: str | None,
    lease: str | None,
    folders: tuple[str, ...],
    root_path: str | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run CMD as a job of TYPE: it finds TMPDIR, RULES_JOB_ID, RULES_WORKSPACE and RULES_OUTPUT in its environment.

    The job is completed when CMD ends with status 0, else failed.
    Signals to end are passed on to CMD, and its end is waited for.
    """
    command: tuple[str, ...] = ctx.meta[_COMMAND]
    if not command:
        raise click.UsageError("nothing to run: write `--` and a command", ctx)
    with ExitStack() as stack:
        try:
            policies = load_policies(folders, environment=os.environ)
            root = stack.enter_context(open_root(policies, root_path))
            stack.enter_context(holding_signals())
            given, sign = pairs(parameters), _duration(lease)
            work = _start(stack, root, policies, job_type=job_type, job_id=job_id, parameters=given, lease=sign)
        except (RulesError, OSError) as err:
            return _not_started(err)
        status = work.run(command)
        return work.finish(status, quiet=quiet or not verbose)


def _duration(text: str | None) -> Duration | None:
    return parse_duration(text) if text is not None else None


def _start(
    stack: ExitStack,
    root: Root,
    policies: PolicySet,
    *,
    job_type: str,
    job_id: str | None,
    parameters: Mapping[str, str],
    lease: Duration | None,
) -> "_Work":
    clock = SystemClock()
    root.require_id()
    named = new_job_id(job_type, clock.now()) if job_id is None else check_job_id(job_id)
    lock = stack.enter_context(lock_job(root.require_state(), named, clock=clock))
    problems: list[Noted] = []
    try:
        record = lifecycle.start(
            root,
            policies,
            clock,
            job_type,
            job_id=named,
            parameters=parameters,
            lease=lease,
            held=True,
            listen=problems.append,
        )
    except DirectoryNotMadeError:
        # Its manifest is written: without an end it would be read as abandoned, which says less.
        with suppress(RulesError, OSError):
            finish_job(root, policies, named, success=False, quiet=True)
        raise
    told(problems)
    return _Work(root, policies, record, lock, lease)


def _not_started(err: RulesError | OSError) -> ExitCode:
    if isinstance(err, OSError):
        complain(refusal(err))
    elif err.exit_code is ExitCode.INVALID_POLICY:
        talk(str(err))
    else:
        complain(str(err))
    return ExitCode.JOB_NOT_STARTED


@dataclass(frozen=True, slots=True)
class _Work:
    """A job that was started, with its lock held."""

    root: Root
    policies: PolicySet
    record: JobRecord
    lock: int
    lease: Duration | None

    def run(self, command: Sequence[str]) -> int:
        """The status of the command, as a shell would say it."""
        environment = {**os.environ, **environment_of(self.root, self.policies, self.record)}
        every = self.lease / _BEATS / SECOND if self.lease is not None else None
        try:
            # With the lock in its hands the command keeps the job running, even when we are killed.
            return run_child(command, environment, inherits=self.lock, beat=self._beat, every_s=every)
        except FileNotFoundError:
            complain(f"`{escape(command[0])}` was not found")
            return NOT_FOUND
        except OSError as err:
            complain(f"`{escape(command[0])}` cannot be executed: {err.strerror}")
            return NOT_EXECUTABLE

    def _beat(self) -> None:
        # A disk that is full for the moment must not end the command; the next sign of life may be written.
        with suppress(RulesError, OSError):
            ManifestStore(self.root, SystemClock()).renew(self.record.job_id, self.lease or Duration(0))

    def finish(self, status: int, *, quiet: bool) -> int:
        """End the job; the status, or why the job of a good command could not be ended."""
        try:
            finish_job(self.root, self.policies, self.record.job_id, success=status == 0, quiet=quiet)
        except JobFinishedError:
            # The command said itself how it ended.
            return status
        except RulesError as err:
            complain(str(err))
            return status or err.exit_code
        except OSError as err:
            complain(refusal(err))
            return status or ExitCode.UNEXPECTED
        return status
