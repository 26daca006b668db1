"""`rules init`: a folder of commented policies to begin with, and a directory made a root."""

import os

import click

from rules_engine.cli.options import exits, root_option, talk_options
from rules_engine.cli.terminal import show, talk
from rules_engine.errors import ExitCode, RefusedError
from rules_engine.filesystem.root import Root
from rules_engine.policy.starter import starter_files
from rules_engine.values.text import escape


@click.command(
    short_help="write starter policies; make a directory a root",
    epilog=exits(ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.option("--policies", "folder", show_default="policies", metavar="DIR", help="Where to write the policies.")
@root_option
@talk_options
def init(*, folder: str | None, root_path: str | None, quiet: bool, verbose: bool) -> None:
    """Write commented starter policies into a folder, or, with --root DIR, make DIR a root.

    With both --policies and --root, do both. A file that is there already is left as it is, and so is the id of a root.
    """
    del verbose
    if root_path is not None:
        with Root.create(root_path) as root:
            show([f"root {escape(root.path)}, id {root.require_id()}"])
        if folder is None:
            return
    written = _write_policies(folder or "policies")
    show(f"{'wrote' if new else 'kept '} {escape(path)}" for path, new in written)
    if not quiet:
        talk("read them, change what does not fit, then: `rules check --sentences`, `rules test`, `rules plan`")


def _write_policies(folder: str) -> list[tuple[str, bool]]:
    try:
        os.makedirs(folder, exist_ok=True)
        return [(path, _write_new(path, text)) for path, text in _targets(folder)]
    except OSError as err:
        what = f"the policies cannot be written to `{escape(folder)}`: {err.strerror}"
        raise RefusedError(what, "name another directory with `--policies DIR`") from err


def _targets(folder: str) -> list[tuple[str, str]]:
    return [(os.path.join(folder, name), text) for name, text in starter_files().items()]


def _write_new(path: str, text: str) -> bool:
    """Write a file that is not there; return whether it was written."""
    try:
        # `x` never follows a link and never replaces: what somebody wrote is worth more than our example.
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
