"""`rules pin`: protect a path or a job by hand, whatever the rules say."""

import os
import re

import click

from rules_engine.cli.options import exits, format_option, moment_asked, policies_option, root_option, talk_options
from rules_engine.cli.terminal import show, talk
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs import pinning
from rules_engine.jobs.paths import status_of
from rules_engine.jobs.planning import open_root
from rules_engine.plan.given import Pin
from rules_engine.plan.pinned import pin_text
from rules_engine.policy.load import load_policies
from rules_engine.report.pins_text import pin_lines, pins_document
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobId

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@click.command(
    short_help="protect a path or a job by hand",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.argument("path", metavar="[PATH]", required=False)
@click.option("--job", "job_id", metavar="ID", help="Everything that this job owns, instead of a path.")
@click.option("--reason", default="", metavar="TEXT", help="Why; every plan repeats it.")
@click.option(
    "--until", metavar="TIME", help="How long: `+30d`, ISO 8601, or a date, which is meant to its end in UTC."
)
@click.option("--list", "list_them", is_flag=True, help="Show what is pinned, and pin nothing.")
@policies_option
@root_option
@format_option
@talk_options
def pin(
    *,
    path: str | None,
    job_id: str | None,
    reason: str,
    until: str | None,
    list_them: bool,
    folders: tuple[str, ...],
    root_path: str | None,
    form: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Protect PATH with everything below it, or everything that a job owns, from every rule and every command.

    PATH is written from the root, as plans write it, or from the current directory; it need not be there yet. A
    second pin replaces the first. A run that is under way sees it within a second.
    """
    del verbose
    if list_them and (path is not None or job_id is not None or reason or until is not None):
        raise click.UsageError("`--list` shows all pins; give it alone")
    clock = SystemClock()
    with open_by_name(folders, root_path) as root:
        if not list_them:
            asked = pin_asked(root, path, job_id)
            end = until_asked(until, clock.now())
            before = pinning.pin(root, clock, Pin(asked.path, asked.job, reason, end))
            if not quiet:
                _remark(root, asked, before)
        now = clock.now()
        pins = pinning.pins(root, now)
    told = pins if list_them else tuple(one for one in pins if (one.pin.path, one.job) == (asked.path, asked.job))
    if form == "json":
        show([pins_document(told, now)])
    else:
        show(pin_lines(told, now) if list_them else (escape(pin_text(one.pin)) for one in told))


def open_by_name(folders: tuple[str, ...], root_path: str | None) -> Root:
    """The root that is named; only where none is, policies are read to find it."""
    # A broken policy must not stand in the way of protecting something from it.
    if root_path is not None:
        return Root.open(root_path)
    return open_root(load_policies(folders, environment=os.environ))


def pin_asked(root: Root, path: str | None, job_id: str | None) -> Pin:
    """The path or the job that a command line names."""
    if (path is None) == (job_id is None):
        raise click.UsageError("name one thing: a PATH, or a job with `--job ID`")
    if path is None:
        return Pin(job=JobId(job_id or ""))
    return Pin(path=pinning.path_to_pin(root, os.fsdecode(path), current=os.getcwd()))


def until_asked(until: str | None, now: Instant) -> Instant | None:
    """The end that `--until` writes; a date lasts to its end, because that keeps longer than its beginning."""
    if until is None:
        return None
    moment = moment_asked(until, now)
    return Instant(moment + DAY) if _DATE.fullmatch(until) else moment


def _remark(root: Root, asked: Pin, before: Pin | None) -> None:
    if before is not None:
        talk(f"note: this replaces the pin that was there: {escape(pin_text(before))}")
    if asked.path and status_of(root, asked.path) is None:
        talk(f"note: `{escape(asked.path)}` is not there; the pin holds for whatever comes there")
