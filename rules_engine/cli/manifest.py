"""`rules manifest`: look at everything that jobs declared, and mend what is damaged."""

import os

import click

from rules_engine.cli.options import exits, format_option, policies_option, root_option, talk_options
from rules_engine.cli.terminal import show, talk
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.inventory import repair as repairing
from rules_engine.jobs.planning import open_root
from rules_engine.manifest.errors import UnknownJobError
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.shelf import list_shelf
from rules_engine.manifest.store import ManifestStore
from rules_engine.manifest.verify import verify as look
from rules_engine.policy.load import load_policies
from rules_engine.report.manifest_text import (
    finding_lines,
    findings_document,
    outlook_lines,
    outlooks_document,
    repaired_document,
    repaired_lines,
)

_EXITS = (ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE)


@click.group(short_help="verify and repair what jobs declared", epilog=exits(*_EXITS, ExitCode.LOCKED))
def manifest() -> None:
    """Verify and repair the manifests of jobs, their seals and their backups."""


@manifest.command(short_help="say what is wrong, by line and byte", epilog=exits(*_EXITS))
@click.argument("job_ids", metavar="[ID]...", nargs=-1)
@policies_option
@root_option
@format_option
@talk_options
def verify(
    *,
    job_ids: tuple[str, ...],
    folders: tuple[str, ...],
    root_path: str | None,
    form: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Read every manifest, seal and backup, or those of jobs ID, and say what is wrong; nothing is changed."""
    del verbose
    with _open(folders, root_path) as root:
        state = root.require_state()
        _check_known(root, job_ids)
        findings = tuple(look(state, job_ids))
    show([findings_document(findings)] if form == "json" else finding_lines(findings))
    if findings and not quiet:
        talk("`rules manifest repair` mends what the evidence allows; until then everything concerned is kept")
    return ExitCode.UNTRUSTED_STATE if findings else ExitCode.DONE


@manifest.command(short_help="mend damaged manifests", epilog=exits(*_EXITS, ExitCode.LOCKED))
@click.argument("job_ids", metavar="[ID]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--accept-loss", is_flag=True, help="Stop protecting what the lost lines of these jobs may have named.")
@policies_option
@root_option
@format_option
@talk_options
def repair(
    *,
    job_ids: tuple[str, ...],
    dry_run: bool,
    accept_loss: bool,
    folders: tuple[str, ...],
    root_path: str | None,
    form: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Mend the manifests of jobs ID, or every damaged one: from the backup, the seal, and the lines that are intact.

    What is damaged is set aside below `.rules/damaged`. A job that lost lines stays untrusted, and everything that
    they may have named is kept, until you say `--accept-loss` and name it.
    """
    del verbose
    if accept_loss and not job_ids:
        raise click.UsageError("`--accept-loss` needs the ID of each job whose loss you accept")
    clock = SystemClock()
    with _open(folders, root_path) as root:
        _check_known(root, job_ids)
        outlooks = repairing.outlooks(root, clock, job_ids)
        if dry_run:
            show([outlooks_document(outlooks)] if form == "json" else outlook_lines(outlooks))
            return ExitCode.UNTRUSTED_STATE if outlooks else ExitCode.DONE
        if not quiet and outlooks:
            talk("\n".join(("to repair:", *outlook_lines(outlooks))))
        store = ManifestStore(root, clock)
        # Jobs in which nothing is wrong have nothing to mend, and no loss to accept.
        done = [repairing.repair(root, store, clock, one.job_id, accept=accept_loss) for one in outlooks]
    show([repaired_document(done)] if form == "json" else repaired_lines(done))
    if any(map(repairing.is_locked, done)):
        return ExitCode.LOCKED
    return ExitCode.UNTRUSTED_STATE if any(one.left or one.error for one in done) else ExitCode.DONE


def _open(folders: tuple[str, ...], root_path: str | None) -> Root:
    # A broken policy must not stand in the way of mending the state.
    if root_path is not None:
        return Root.open(root_path)
    return open_root(load_policies(folders, environment=os.environ))


def _check_known(root: Root, job_ids: tuple[str, ...]) -> None:
    listing = list_shelf(root.require_state())
    for job_id in job_ids:
        if job_id in listing.odd:
            continue
        if not listing.tells_of(check_job_id(job_id)):
            raise UnknownJobError(job_id)
