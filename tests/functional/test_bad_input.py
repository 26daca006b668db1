"""Bad input: a clear message, its exit code, and no change on the disk."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cliplace import CLEANUP, REPOSITORY, Place

from rules_engine.filesystem.root import Root


def changed(place: Place, before: dict[str, bytes]) -> list[str]:
    """The files that differ from `before`."""
    after = place.tree()
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def refused(place: Place, code: int, words: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run a command that must be refused with `code`, say `words`, offer help, and change nothing."""
    before = place.tree()
    answer = place.process(*arguments, environment=environment)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert "help:" in answer.err or "Usage:" in answer.err
    assert "Traceback" not in answer.err
    assert changed(place, before) == []


def planned(place: Place) -> Path:
    """A plan of the place, written beside its policies."""
    assert place.process("plan", "--out", "night.plan", "--quiet").code == 0
    return place.path / "night.plan"


def test_an_empty_policy_folder_is_refused(place: Place) -> None:
    """No rule is no licence: an empty folder is far likelier to be the wrong one."""
    (place.path / "empty").mkdir()
    refused(place, 4, "empty", "plan", "--policies", "empty", "--root", "media")


def test_the_filesystem_root_is_refused(place: Place) -> None:
    """`/` can never be a root."""
    refused(place, 6, "`/` cannot be a root", "apply", "--yes", "--root", "/")


def test_the_home_directory_is_refused(place: Place) -> None:
    """$HOME can never be a root."""
    home = {"HOME": str(place.media)}
    refused(place, 6, "is the home directory", "apply", "--yes", "--root", "media", environment=home)


def test_a_link_is_refused_as_a_root(place: Place) -> None:
    """A link may point elsewhere tomorrow."""
    (place.path / "link").symlink_to("media")
    refused(place, 6, "is a link", "plan", "--root", "link")


def test_a_missing_root_is_refused(place: Place) -> None:
    """An unmounted drive is not an empty tree."""
    refused(place, 6, "does not exist", "plan", "--root", "elsewhere")


def test_a_directory_that_is_no_root_is_refused_by_apply(place: Place) -> None:
    """Only what somebody made a root is ever cleaned."""
    (place.path / "other").mkdir()
    refused(place, 6, "is not a root", "apply", "--yes", "--root", "other")


def test_a_root_nested_in_another_is_refused(place: Place) -> None:
    """One tree, one state."""
    refused(place, 6, "lies in the root", "init", "--policies", "policies", "--root", "media/a")


def test_an_unknown_kind_is_refused(place: Place) -> None:
    """A policy that nobody reads is an error, with the kinds there are."""
    place.write("odd/odd.yaml", "version: 1\nkind: cleanups\nrules: []\n")
    refused(place, 4, "cleanups", "plan", "--policies", "odd", "--root", "media")


def test_a_plan_of_another_root_is_refused(place: Place) -> None:
    """A plan is about one root, known by its id."""
    plan = planned(place)
    place.write("twin/a/temp_1", "12345")
    Root.create(str(place.path / "twin")).close()
    refused(place, 5, "it was made for root", "apply", str(plan), "--root", "twin")


def test_an_edited_plan_is_refused(place: Place) -> None:
    """What was reviewed is what is applied."""
    plan = planned(place)
    plan.write_bytes(plan.read_bytes().replace(b"temp_1", b"temp_9"))
    refused(place, 5, "it was edited", "apply", str(plan))


def test_a_truncated_plan_is_refused(place: Place) -> None:
    """Half a plan is no plan."""
    plan = planned(place)
    plan.write_bytes(plan.read_bytes()[:-40])
    refused(place, 5, "cut short", "apply", str(plan))


def test_a_plan_from_the_future_is_refused(place: Place) -> None:
    """A forecast shows what would go; it takes nothing."""
    assert place.process("plan", "--out", "later.plan", "--at", "+7d", "--quiet").code == 0
    refused(place, 5, "it is a forecast", "apply", "later.plan")


def test_a_plan_that_is_too_old_is_refused(place: Place) -> None:
    """The tree of last week is not the tree of today."""
    assert place.process("plan", "--out", "old.plan", "--at", "2026-01-01", "--quiet").code == 0
    refused(place, 5, "`limits.plan_age` is 7d", "apply", "old.plan")


def test_a_plan_of_other_policies_is_refused(place: Place) -> None:
    """A rule that changed after the review was not reviewed."""
    plan = planned(place)
    place.write("policies/cleanup.yaml", CLEANUP.replace("temp_*", "temp_1"))
    refused(place, 5, "the policies say something else by now", "apply", str(plan))


@pytest.mark.parametrize("name", ["root.json", "manifests/j1@here.jsonl"])
def test_state_that_is_damaged_is_never_read_as_empty(place: Place, name: str) -> None:
    """Either planning stops, or everything that a lost manifest may name is kept."""
    path = place.media / ".rules" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\0\0\0")
    before = place.tree()
    answer = place.process("plan", "--format", "json")
    steps = json.loads(answer.out)["steps"] if answer.code == 0 else []
    assert (answer.code in {0, 9}, steps, changed(place, before)) == (True, [], [])


WRITING = (
    "creat,mkdir,mkdirat,mknod,mknodat,unlink,unlinkat,rmdir,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
    "chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,utime,utimes,utimensat,futimesat,truncate,ftruncate,"
    "setxattr,lsetxattr,fsetxattr,removexattr,fallocate,copy_file_range,sendfile"
)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to watch the process from outside")
@pytest.mark.parametrize("command", ["plan", "explain"])
def test_planning_opens_nothing_for_writing(place: Place, tmp_path: Path, command: str) -> None:
    """A plan writes nothing: watched from outside, system call by system call."""
    trace = tmp_path / "trace.txt"
    arguments = {"plan": ["plan"], "explain": ["explain", "media/a/temp_1"]}[command]
    watcher = ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace=open,openat,openat2,{WRITING}"]
    done = subprocess.run(
        [*watcher, sys.executable, "-B", "-m", "rules_engine", *arguments],
        cwd=place.path,
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "PYTHONPATH": str(REPOSITORY)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
    assert any("openat2(" in call or "openat(" in call for call in calls)
    assert [call for call in calls if not call.startswith("open")] == []
    assert [call for call in calls if re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", call)] == []
