"""`rules job`: manifests from a shell pipeline."""

import os
import shlex

import click

from rules_engine.apply.model import Noted
from rules_engine.cli.finishing import finish_job, told
from rules_engine.cli.options import (
    exits,
    format_option,
    ignored_talk_options,
    policies_option,
    root_option,
    talk_options,
)
from rules_engine.cli.parameters import pairs
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs import lifecycle
from rules_engine.jobs.environment import environment_of
from rules_engine.jobs.paths import path_from
from rules_engine.jobs.planning import open_root
from rules_engine.manifest.model import JobRecord
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.report.jobs_text import job_document, job_lines, job_list_lines, jobs_document
from rules_engine.values.quantities import parse_duration
from rules_engine.values.vocabulary import FileType

_EXITS = (ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE)


class InOrder(click.Group):
    """A group that lists its commands in the order of a job's life."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, as they were declared."""
        del ctx
        return list(self.commands)


@click.group(
    cls=InOrder,
    short_help="say what a job makes, so that its files have an owner",
    epilog=exits(*_EXITS, ExitCode.SOME_FAILED, ExitCode.LOCKED),
)
def job() -> None:
    """Say what a job makes, so that its files have an owner: start, add, finish; list and show."""


@job.command(short_help="start a job and print its id", epilog=exits(*_EXITS, ExitCode.SOME_FAILED, ExitCode.LOCKED))
@click.argument("job_type", metavar="TYPE")
@click.argument("parameters", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--id", "job_id", metavar="ID", help="The id of the job; without it, one that no other job has.")
@click.option("--lease", metavar="AGE", help="Without a sign of life for so long, the job counts as abandoned.")
@click.option("--env", is_flag=True, help="Print shell lines for `eval`: the variables that `rules run` sets.")
@policies_option
@root_option
@format_option
@ignored_talk_options
def start(
    *,
    job_type: str,
    parameters: tuple[str, ...],
    job_id: str | None,
    lease: str | None,
    env: bool,
    folders: tuple[str, ...],
    root_path: str | None,
    form: str,
) -> int:
    """Start a job of TYPE and print its id; its directories are made as its layout says."""
    policies = load_policies(folders, environment=os.environ)
    clock = SystemClock()
    problems: list[Noted] = []
    with open_root(policies, root_path) as root:
        record = lifecycle.start(
            root,
            policies,
            clock,
            job_type,
            job_id=job_id,
            parameters=pairs(parameters),
            lease=parse_duration(lease) if lease is not None else None,
            listen=problems.append,
        )
        lines = _exports(root, policies, record) if env else [record.job_id]
    show([job_document(record, clock.now())] if form == "json" else lines)
    return told(problems)


def _exports(root: Root, policies: PolicySet, record: JobRecord) -> list[str]:
    variables = environment_of(root, policies, record)
    return [f"export {key}={shlex.quote(value)}" for key, value in variables.items()]


@job.command(short_help="declare files of a job", epilog=exits(*_EXITS))
@click.argument("job_id", metavar="ID")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--type", "file_type", required=True, metavar="TYPE", help="The file type, such as temp_video.")
@policies_option
@root_option
@ignored_talk_options
def add(
    *, job_id: str, paths: tuple[str, ...], file_type: str, folders: tuple[str, ...], root_path: str | None
) -> None:
    """Declare files of job ID, best before they exist; PATH is read from the current directory.

    Of a directory that is there, whatever lands in it is the job's.
    """
    policies = load_policies(folders, environment=os.environ)
    with open_root(policies, root_path) as root:
        declared = [path_from(root, os.fsdecode(path), current=os.getcwd()) for path in paths]
        lifecycle.add(root, policies, SystemClock(), job_id, declared, file_type=FileType(file_type))


@job.command(short_help="finish a job and seal what it made", epilog=exits(*_EXITS, ExitCode.SOME_FAILED))
@click.argument("job_id", metavar="ID")
@click.option("--failed", is_flag=True, help="The job failed; its files stay for as long as the settings say.")
@policies_option
@root_option
@talk_options
def finish(
    *, job_id: str, failed: bool, folders: tuple[str, ...], root_path: str | None, quiet: bool, verbose: bool
) -> int:
    """Finish job ID: seal what it made, move its status link, and clean what is due as `cleanup.at_finish` says."""
    del verbose
    policies = load_policies(folders, environment=os.environ)
    with open_root(policies, root_path) as root:
        return finish_job(root, policies, job_id, success=not failed, quiet=quiet)


@job.command("list", short_help="list every job with its status", epilog=exits(*_EXITS))
@policies_option
@root_option
@format_option
@ignored_talk_options
def list_all(*, folders: tuple[str, ...], root_path: str | None, form: str) -> None:
    """List every job with its status as read now, and manifests that are damaged."""
    policies = load_policies(folders, environment=os.environ)
    clock = SystemClock()
    with open_root(policies, root_path) as root:
        loaded = lifecycle.list_jobs(root, policies, clock)
        said = jobs_document if form == "json" else job_list_lines
        answer = said(loaded.jobs, loaded.damaged, clock.now())
        show([answer] if isinstance(answer, str) else answer)


@job.command("show", short_help="show what the manifest of a job says", epilog=exits(*_EXITS))
@click.argument("job_id", metavar="ID")
@policies_option
@root_option
@format_option
@ignored_talk_options
def show_one(*, job_id: str, folders: tuple[str, ...], root_path: str | None, form: str) -> None:
    """Show everything that the manifest of job ID says."""
    policies = load_policies(folders, environment=os.environ)
    clock = SystemClock()
    with open_root(policies, root_path) as root:
        record = lifecycle.show(root, clock, job_id)
    show([job_document(record, clock.now())] if form == "json" else job_lines(record, clock.now()))
