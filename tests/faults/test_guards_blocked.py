"""Kernels and containers without the calls that guard a root: the same tree in the end, and the report says so."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blocking import NUMBERS

from rules_engine.filesystem import landlock
from rules_engine.filesystem.root import Root

HERE = Path(__file__).parent
POLICIES = {
    "clip.yaml": """\
version: 1
kind: layout
job_type: clip
workspace: "scratch/{job_id}"
output: "out/{job_id}"
directories:
  temp: {in: workspace}
""",
    "cleanup.yaml": """\
version: 1
kind: cleanup
rules:
  - {name: parts, files: {match: ["*.part"], tracked: false}, after: 0s, action: trash}
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
  - {name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 0s, action: trash}
  - {name: empties, directories: {match: ["/old/**/"], empty: true}, after: 0s, action: delete}
""",
    "settings.yaml": "version: 1\nkind: settings\nroot: media\n",
}
FILES = ("film.part", "a/b/c/clip.part", "a/b/temp_1", "a/kept", "cache/one/f", "cache/one/deep/g", "elsewhere/temp_2")
BLOCKED = {
    "openat2 by an old kernel": "openat2=ENOSYS",
    "openat2 by a container": "openat2=EPERM",
    "openat2 and statx": "openat2=ENOSYS,statx=ENOSYS",
    "landlock": "landlock=ENOSYS",
    "all but the rename": "openat2=EPERM,statx=EPERM,landlock=EPERM",
}

pytestmark = pytest.mark.skipif(not NUMBERS, reason="the numbers of the calls are not known for this machine")


def make_place(top: Path) -> Path:
    """A root with files that go and files that stay, a link out of it, and policies."""
    for name, text in POLICIES.items():
        (top / "policies").mkdir(parents=True, exist_ok=True)
        (top / "policies" / name).write_text(text)
    for name in FILES:
        (top / "media" / name).parent.mkdir(parents=True, exist_ok=True)
        (top / "media" / name).write_text(name)
    (top / "outside").mkdir()
    (top / "outside/temp_3").write_text("3")
    (top / "media/a/link").symlink_to(top / "outside")
    (top / "media/old/empty/deep").mkdir(parents=True)
    Root.create(str(top / "media")).close()
    return top


def rules(top: Path, blocked: str, *arguments: str, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run one command without some calls."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [*under, sys.executable, str(HERE / "blocking.py"), blocked, "--", *arguments],
        cwd=top,
        env={**kept, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "may not filter its calls" in done.stderr:
        pytest.skip("this process may not filter its calls")
    return done


def left(top: Path) -> dict[str, str]:
    """Every path below `top` with what is in it, but for the state; of the trash also that, without the run's id."""
    found: dict[str, str] = {}
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        if name.startswith("media/.rules/trash/"):
            name = "trash/" + "/".join(Path(name).parts[4:])
        elif name.startswith("media/.rules/"):
            continue
        found[name] = path.read_text() if path.is_file() and not path.is_symlink() else ""
    return found


def guards_of(document: dict[str, Any]) -> dict[str, bool]:
    """Which guards a report says were active."""
    return {one["guard"]: one["active"] for one in document["guards"]}


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is left where nothing is blocked."""
    top = make_place(tmp_path_factory.mktemp("free"))
    assert rules(top, "", "apply", "--yes", "--quiet").returncode == 0
    return left(top)


@pytest.mark.parametrize("name", BLOCKED)
def test_the_same_goes_whatever_is_blocked(tmp_path: Path, free: dict[str, str], name: str) -> None:
    """Walk, plan, trash, removal and directories that go whole are equal; what was missing stands in the report."""
    bound = make_place(tmp_path)
    done = rules(bound, BLOCKED[name], "apply", "--yes", "--quiet", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert left(bound) == free
    assert "media/a/b/temp_1" not in left(bound)
    assert "outside/temp_3" in left(bound)
    said = json.loads(done.stdout)
    [report] = (bound / "media/.rules/runs").glob("*/report.json")
    assert guards_of(json.loads(report.read_text())) == guards_of(said)
    active = guards_of(said)
    assert active.pop("landlock") is ("landlock" not in BLOCKED[name] and landlock.abi() >= landlock.OLDEST_ABI)
    assert active == {"openat2": "openat2" not in BLOCKED[name], "mounts": True, "renameat2": True}


def test_a_run_with_fewer_guards_says_so_and_with_all_says_nothing(tmp_path: Path) -> None:
    """The text names what is missing and what it means; `--verbose` names what is active."""
    top = make_place(tmp_path)
    done = rules(top, "landlock=ENOSYS", "apply", "--yes", "--verbose")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "GUARDS: 1 guard of the system not active; `--require-guards` would have refused" in lines
    assert (
        "  landlock: blocked, or not in this kernel; only this program's own care keeps changes inside the root"
        in lines
    )
    assert "guards active: openat2, mounts, renameat2" in lines
    (top / "media/temp_4").touch()
    done = rules(top, "", "apply", "--yes")
    assert done.returncode == 0, done.stderr
    assert ("GUARDS" in done.stdout) is (landlock.abi() < landlock.OLDEST_ABI)


@pytest.mark.parametrize(
    "command",
    [
        ("apply", "--yes"),
        ("clean", "*.part", "--older-than", "0s", "--yes"),
        ("restore", "--last", "--yes"),
        ("trash", "empty", "--all", "--yes"),
    ],
    ids=lambda command: command[0],
)
def test_a_run_that_requires_guards_is_refused_without(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Exit 6, which guard, why, and what to do; nothing is touched, and no run is left unfinished."""
    top = make_place(tmp_path)
    assert rules(top, "", "apply", "--yes", "--quiet").returncode == 0
    for name in FILES:
        if not (top / "media" / name).exists() and command[0] in {"apply", "clean"}:
            (top / "media" / name).parent.mkdir(parents=True, exist_ok=True)
            (top / "media" / name).write_text(name)
    before, runs = left(top), os.listdir(top / "media/.rules/runs")
    done = rules(top, "landlock=EPERM,openat2=EPERM", *command, "--require-guards")
    assert done.returncode == 6, done.stderr
    assert "the guard `openat2` is not active: blocked, or not in this kernel" in done.stderr
    assert "the guard `landlock` is not active: blocked, or not in this kernel" in done.stderr
    assert "use Linux 5.6 or newer" in done.stderr
    assert "leave `--require-guards` out" in done.stderr
    assert (left(top), os.listdir(top / "media/.rules/runs")) == (before, runs)


def test_a_run_that_requires_guards_goes_on_with_all_of_them(tmp_path: Path) -> None:
    """Where nothing is blocked the option changes nothing."""
    if landlock.abi() < landlock.OLDEST_ABI:
        pytest.skip("this kernel has no Landlock, or none that allows moves")
    top = make_place(tmp_path)
    assert rules(top, "", "apply", "--yes", "--require-guards").returncode == 0
    assert not (top / "media/film.part").exists()


@pytest.mark.parametrize("code", ["EINVAL", "ENOSYS"])
def test_without_the_rename_files_go_by_links_and_no_directory_goes_whole(tmp_path: Path, code: str) -> None:
    """What the fallback cannot do without the danger to replace something is not done, and fails by name."""
    top = make_place(tmp_path)
    done = rules(top, f"renameat2={code}", "apply", "--yes", "--quiet", "--format", "json")
    assert done.returncode == 3, done.stderr
    said = json.loads(done.stdout)
    assert guards_of(said)["renameat2"] is False
    assert [one["path"] for one in said["noted"]] == ["cache/one"]
    assert (top / "media/cache/one/deep/g").read_text() == "cache/one/deep/g"
    found = left(top)
    assert found["trash/film.part"] == "film.part"
    assert "media/film.part" not in found
    assert not list((top / "media/.rules").glob(".guards*"))


@pytest.mark.parametrize("blocked", ["", "openat2=ENOSYS", "openat2=ENOSYS,statx=ENOSYS"])
def test_a_mount_that_came_after_the_plan_is_not_entered(tmp_path: Path, blocked: str) -> None:
    """A bind mount of the same filesystem over a directory of the plan: the file below it stays, in both places."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed, and a mount of our own needs it")
    top = make_place(tmp_path)
    (top / "other").mkdir()
    shutil.copy2(top / "media/elsewhere/temp_2", top / "other/temp_2")
    own = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")
    mount = f"mount --bind {top}/other {top}/media/elsewhere"
    if subprocess.run([*own, "sh", "-c", mount], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    assert rules(top, "", "plan", "--out", "plan.jsonl").returncode == 0
    under = (*own, "sh", "-c", f'{mount} && exec "$0" "$@"')
    done = rules(top, blocked, "apply", "plan.jsonl", "--format", "json", under=under)
    assert done.returncode == 0, done.stderr
    [noted] = json.loads(done.stdout)["noted"]
    assert (noted["path"], noted["outcome"]) == ("elsewhere/temp_2", "changed")
    assert noted["cause"] == "a directory above it lies on another filesystem by now"
    assert (top / "other/temp_2").exists()
    assert (top / "media/elsewhere/temp_2").exists()
    assert not (top / "media/film.part").exists()
