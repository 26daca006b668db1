"""`rules demo`: a studio's disk, planned, applied and explained, each step as a person would type it."""

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import Final

import click

from rules_engine.cli.commands import invoke
from rules_engine.cli.demo_tree import LIBRARY, MEDIA, POLICIES, build_tree
from rules_engine.cli.options import exits
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode, RefusedError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.inventory.scan import walk
from rules_engine.jobs import lifecycle
from rules_engine.policy.load import load_policies
from rules_engine.report.tree_text import TreeSums, sum_tree, tree_lines
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape, plural

PLAN_FILE: Final = "plan.jsonl"
_WIDTH: Final = 100


@click.command(short_help="see everything at work on a scratch tree", epilog=exits(ExitCode.REFUSED))
@click.option("--keep", is_flag=True, help="Leave the tree for playing.")
@click.option("--directory", metavar="DIR", help="Build the tree in DIR, new or empty, and leave it there.")
def demo(*, keep: bool, directory: str | None) -> int:
    """Build a studio's disk in a scratch directory; plan, apply and explain; show each step.

    Its files are holes: 250 GiB that take no room. Nothing outside the scratch directory is touched.
    """
    with _scratch(directory, keep=keep) as place, contextlib.chdir(place):
        code = _play(place)
        if keep or directory is not None:
            show(_invitation(place))
    return code


@contextlib.contextmanager
def _scratch(directory: str | None, *, keep: bool) -> Iterator[str]:
    if directory is not None:
        yield _new_or_empty(directory)
    elif keep:
        yield tempfile.mkdtemp(prefix="rules-demo-")
    else:
        with tempfile.TemporaryDirectory(prefix="rules-demo-") as place:
            yield place


def _new_or_empty(directory: str) -> str:
    try:
        os.makedirs(directory, exist_ok=True)
        is_empty = not os.listdir(directory)
    except OSError as err:
        what = f"the demo cannot use `{escape(directory)}`: {err.strerror}"
        raise RefusedError(what, "name a new directory") from err
    if not is_empty:
        raise RefusedError(f"`{escape(directory)}` is not empty", "name a new directory for the demo")
    return os.path.abspath(directory)


def _play(place: str) -> int:
    tree = build_tree(place, SystemClock().now())
    before = _look(1, "The disk", "What a season leaves behind; holes in files make it light.")
    codes = [
        _step(2, "The policies", "What may go, when, and what must stay; silence keeps.", "check --sentences"),
        _step(3, "The plan", "It changes nothing, and names a rule for everything.", f"plan --out {PLAN_FILE}"),
        _step(4, "Carried out", "Exactly that plan: each file is compared again first.", f"apply {PLAN_FILE}"),
        _step(5, "Why?", "One file that stays, one that went.", f"explain {tree.kept} {tree.gone}"),
    ]
    after = _look(6, "The disk after", "The deliverables are all there; so is what the link pointed to.")
    show(_ending(before, after))
    return max(codes)


def _heading(number: int, title: str, remark: str) -> list[str]:
    line = f"── {number} · {title} "
    return ["", line + "─" * (_WIDTH - len(line)), remark, ""]


def _step(number: int, title: str, remark: str, command: str) -> int:
    """Show a command as it is typed, then what it really says."""
    typed = f"$ rules {command}"
    lines = [typed] if len(typed) <= _WIDTH else typed.replace(" scratch/", " \\\n    scratch/").split("\n")
    show([*_heading(number, title, remark), *lines])
    return invoke(shlex.split(command))


def _look(number: int, title: str, remark: str) -> TreeSums:
    clock = SystemClock()
    policies = load_policies([POLICIES])
    with Root.open(MEDIA) as root:
        jobs = lifecycle.list_jobs(root, policies, clock).jobs
        sums = sum_tree(walk(root).directories)
    show([*_heading(number, title, remark), *tree_lines(sums, jobs, clock.now())])
    return sums


def _ending(before: TreeSums, after: TreeSums) -> list[str]:
    freed = before.total.bytes - after.total.bytes
    gone = before.total.files - after.total.files
    font = os.path.join(LIBRARY, "fonts", "NotoSansKR.otf")
    outside = "untouched" if os.path.exists(font) else "GONE"
    return [
        "",
        f"{format_size(freed)} freed, {plural(gone, 'file')} gone; {font}, outside the root, is {outside}.",
        "The stray temps are young: their age counts from the last change, and that was just now.",
        "`rules plan --at +8d` would take them to the trash; the failed job's files go in eleven days.",
    ]


def _invitation(place: str) -> list[str]:
    # In a checkout that was never installed for the shell there is no `rules` to type.
    program = shlex.join([sys.executable, "-m", "rules_engine"])
    alias = [] if shutil.which("rules") else [f"$ alias rules={shlex.quote(program)}"]
    return [
        "",
        "The tree stays for playing:",
        f"$ cd {shlex.quote(place)}",
        *alias,
        "$ rules plan --at +8d",
        "$ rules job list",
        "$ rules job finish suits-s01e04-ko-short",
        "$ rules explain media/incoming/temp_keep_reference.wav",
        f"When you have seen enough, remove the directory {escape(place)}.",
    ]
