"""Disks that refuse for real: a file that nobody may change, a disk that goes read-only, files that may not grow."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from power import made_image, missing, mounted, run_command

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunState
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.policy.load import load_texts
from rules_engine.values.quantities import Instant

CHECKOUT = Path(__file__).parents[2]
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
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
  - {name: parts, files: {match: ["*.part"], tracked: false}, after: 0s, action: trash}
""",
    "settings.yaml": "version: 1\nkind: settings\nroot: media\n",
}


def make(place: Path, files: int) -> None:
    """A root with so many files that go, a part that is set aside, and a film that stays."""
    (place / "policies").mkdir()
    for name, text in POLICIES.items():
        (place / "policies" / name).write_text(text)
    media = place / "media"
    media.mkdir(exist_ok=True)
    for number in range(files):
        (media / f"temp_{number}").write_text("12345")
    (media / "film.mkv").write_text("film")
    (media / "a.part").write_text("part")
    Root.create(str(media)).close()


def rules(place: Path, *arguments: str, largest: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command, in a process of which no file may grow above `largest` bytes."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(
        [sys.executable, "-m", "rules_engine", *arguments],
        cwd=place,
        env={**kept, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
    )


@contextmanager
def immutable(file: Path) -> Iterator[None]:
    """A file that not even root may remove or rename."""
    if os.geteuid() != 0 or shutil.which("chattr") is None:
        pytest.skip("only root can make a file immutable, with chattr")
    if subprocess.run(["chattr", "+i", str(file)], check=False, capture_output=True).returncode != 0:
        pytest.skip("this filesystem has no immutable files")
    try:
        yield
    finally:
        run_command("chattr", "-i", str(file))


def test_an_immutable_file_is_handed_over_and_stops_nothing(tmp_path: Path) -> None:
    """Root is told which files, the others go, and once they may go the next plan takes them."""
    make(tmp_path, 3)
    media = tmp_path / "media"
    with immutable(media / "temp_1"), immutable(media / "a.part"):
        done = rules(tmp_path, "apply", "--yes", "--format", "json")
        assert done.returncode == ExitCode.SOME_FAILED, done.stderr
        noted = [(one["path"], one["action"], one["errno"]) for one in json.loads(done.stdout)["noted"]]
        assert sorted(noted) == [("a.part", "trash", errno.EPERM), ("temp_1", "delete", errno.EPERM)]
        assert sorted(os.listdir(media)) == [".rules", "a.part", "film.mkv", "temp_1"]
        assert (media / "a.part").read_text() == "part"
    assert rules(tmp_path, "apply", "--yes").returncode == ExitCode.DONE
    assert sorted(os.listdir(media)) == [".rules", "film.mkv"]


class Late:
    """A clock that does something once, when it is asked for the time after a file is gone."""

    def __init__(self, gone: Path, act: Callable[[], object]) -> None:
        self._gone = gone
        self._act: Callable[[], object] | None = act

    def now(self) -> Instant:
        """The time."""
        if self._act is not None and not self._gone.exists():
            act, self._act = self._act, None
            act()
        return SystemClock().now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        SystemClock().sleep(seconds)


def test_a_disk_that_goes_read_only_stops_the_run_and_the_same_plan_ends_it(tmp_path: Path) -> None:
    """As a kernel does that met an error: ten failures or a record that fails stop the run; nothing is lost."""
    if why := missing():
        pytest.skip(why)
    image, at = made_image(tmp_path, "ext4"), tmp_path / "at"
    policies = load_texts({name: text for name, text in POLICIES.items() if name != "settings.yaml"})
    with mounted(image, at, "loop,errors=remount-ro"):
        make(at, 100)
        os.sync()
        status = at.stat()
        device = os.path.realpath(f"/sys/dev/block/{os.major(status.st_dev)}:{os.minor(status.st_dev)}")
        trigger = Path("/sys/fs/ext4", os.path.basename(device), "trigger_fs_error")
        if not trigger.exists():
            pytest.skip("this kernel breaks no filesystem on demand")
        # Opened now: the thread that carries out may open nothing outside the root for writing.
        fd = os.open(trigger, os.O_WRONLY)
        with Root.open(str(at / "media")) as root:
            clock = Late(at / "media/temp_0", lambda: os.write(fd, b"broken"))
            plan = survey(policies, root, SystemClock()).plan(SystemClock().now()).collected()
            result = apply_plan(plan, root, policies=policies, clock=clock)
        os.close(fd)
        assert (result.state, result.exit_code) == (RunState.STOPPED, ExitCode.SOME_FAILED)
        assert "Read-only file system" in result.stopped_because
        assert result.count(Outcome.DONE) == 0, "nothing that is not durable counts"
    subprocess.run(["e2fsck", "-fy", str(image)], check=False, capture_output=True)
    with mounted(image, at), Root.open(str(at / "media")) as root:
        assert (at / "media/film.mkv").read_text() == "film"
        assert (at / "media/a.part").read_text() == "part"
        again = apply_plan(plan, root, policies=policies, clock=SystemClock())
        assert (again.state, again.failures) == (RunState.FINISHED, ())
        assert sorted(os.listdir(at / "media")) == [".rules", "film.mkv"]
        assert [one.read_text() for one in (at / "media/.rules/trash").rglob("*.part")] == ["part"]


def test_files_that_may_not_grow_stop_a_run_where_it_stands(tmp_path: Path) -> None:
    """Half of a write is not taken for all of it, whichever file it is in; without the limit the same plan ends."""
    make(tmp_path, 60)
    assert rules(tmp_path, "plan", "--out", "plan.jsonl").returncode == 0
    size = (tmp_path / "plan.jsonl").stat().st_size
    codes = []
    for largest in (100, size - 1, size):
        done = rules(tmp_path, "apply", "plan.jsonl", largest=largest)
        assert "defect" not in done.stderr, done.stderr
        assert (tmp_path / "media/film.mkv").read_text() == "film"
        codes.append(done.returncode)
        if done.returncode == ExitCode.REFUSED:
            assert len(list((tmp_path / "media").glob("temp_*"))) == 60
    assert codes[:2] == [ExitCode.REFUSED] * 2
    done = rules(tmp_path, "apply", "plan.jsonl")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(tmp_path / "media")) == [".rules", "film.mkv"]
    assert [one.read_text() for one in (tmp_path / "media/.rules/trash").rglob("*.part")] == ["part"]
