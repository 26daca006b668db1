"""`rules diff`: what a change of policies changes for files; changes nothing."""

import os

import click

from rules_engine.cli.options import budget_option, exits, plan_format_option, policies_option, talk_options
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.reviewing import Compared, Review, review
from rules_engine.policy.budget import Budget
from rules_engine.policy.load import Checked, PolicyError, check_reading
from rules_engine.policy.revision import Version, read_version
from rules_engine.report.diff_json import diff_document
from rules_engine.report.diff_markdown import diff_markdown
from rules_engine.report.diff_text import diff_lines


@click.command(
    short_help="show what a change of policies changes for files",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.PENDING, ExitCode.UNTRUSTED_STATE),
)
@click.argument("old")
@click.argument("new", required=False)
@policies_option
@click.option("--root", "root_path", metavar="DIR", help="Also compare what becomes of the files below DIR.")
@budget_option
@plan_format_option
@talk_options
def diff(
    *,
    old: str,
    new: str | None,
    folders: tuple[str, ...],
    root_path: str | None,
    budget: int,
    form: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Show what the change from OLD to NEW changes for files.

    OLD and NEW are policy folders, or git revisions of the folder of `--policies`; without NEW it is that folder as
    it stands. Exits with 8 where anything can be removed that could not, or where that is not known.
    """
    del quiet
    versions = read_version(old, folders), read_version(new, folders)
    before, after = _loaded(*versions)
    if root_path is None:
        found = review(before, after, Budget(budget), None, SystemClock())
    else:
        with Root.open(root_path) as root:
            found = review(before, after, Budget(budget), root, SystemClock())
    _show(found, form, verbose=verbose)
    return ExitCode.PENDING if found.removes_more else ExitCode.DONE


def _loaded(old: Version, new: Version) -> tuple[Compared, Compared]:
    """Both versions; where either is invalid, the findings of both."""
    checked = tuple(check_reading(version.reading, environment=os.environ) for version in (old, new))
    before, after = (one.policies for one in checked)
    if before is None or after is None:
        raise _invalid(*checked)
    return Compared(old.title, before), Compared(new.title, after)


def _invalid(*checked: Checked) -> PolicyError:
    diagnostics = tuple(dict.fromkeys(found for one in checked for found in one.diagnostics))
    return PolicyError(diagnostics, {file: text for one in checked for file, text in one.sources.items()})


def _show(found: Review, form: str, *, verbose: bool) -> None:
    if form == "json":
        show([diff_document(found)])
    else:
        show(diff_markdown(found) if form == "markdown" else diff_lines(found, verbose=verbose))
