import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from rules_engine import CleanupResult, JobManager, JobStatus, RunResult, apply_plan
from rules_engine.apply.model import Event, RunStarted, RunState
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.locks import is_root_locked, lock_root
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.policy.load import load_policies
from rules_engine.policy.shipped import shipped_folder

PAGE = Path(__file__).parents[2] / "docs/python.md"

# The example of the design, to the letter.
EXAMPLE = """
jobs = JobManager.from_policies("policies", root="media", create=True)
with jobs.job("short_form", series="Suits", episode="S01E01", language="ko") as job:
    clip = job.path("temp_clip.mkv", FileType.TEMP_VIDEO)          # declared before it exists: a crash leaves no orphan
    frames = job.directory("frames", FileType.TEMP_SLIDE)          # whatever lands in it is the job's
    subprocess.run([...], env=job.environment(), check=True)       # TMPDIR, RULES_JOB_ID, RULES_WORKSPACE
    job.publish(clip, FileType.FINAL_VIDEO, index=1)               # moved to its name in the output; existing="refuse" | "trash"
    job.discard(frames)                                            # gone now, by the executor; the manifest says so
print(job.cleanup_result)                                          # what went, what is due when and by which rule
"""  # noqa: E501 - a quotation is not wrapped


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory with the shipped policies in it."""
    shutil.copytree(shipped_folder(), tmp_path / "policies", ignore=shutil.ignore_patterns("legacy"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_of_the_design_runs_as_it_stands(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a stand-in for the command that it leaves out, which works from its environment alone."""

    def run(_command: list[Any], *, env: dict[str, str], check: bool) -> None:
        assert check
        assert env["TMPDIR"] == f"{env['RULES_WORKSPACE']}/temp"
        assert env["PATH"] == os.environ["PATH"]
        assert env["RULES_JOB_ID"] == os.path.basename(env["RULES_WORKSPACE"])
        (Path(env["RULES_WORKSPACE"]) / "slides/temp_clip.mkv").write_text("video")
        (Path(env["RULES_WORKSPACE"]) / "slides/frames/1.png").write_text("frame")
        (Path(env["TMPDIR"]) / "scratch.txt").write_text("notes")

    import rules_engine  # noqa: PLC0415 - its names are those of the example

    names = {name: getattr(rules_engine, name) for name in ("JobManager", "FileType")}
    exec(EXAMPLE, {**names, "subprocess": SimpleNamespace(run=run)})  # noqa: S102 - the example is ours
    video = place / "media/output/Suits/S01E01/ko/shorts/short-form_Suits.S01E01_001.mkv"
    assert video.read_text() == "video"
    [workspace] = (place / "media/scratch").iterdir()
    assert sorted(str(path.relative_to(workspace)) for path in workspace.rglob("*")) == [
        "expressions",
        "slides",
        "temp",
        "temp/scratch.txt",
    ]
    printed = capsys.readouterr().out
    assert "scratch.txt" in printed
    assert "waits for rule `intermediates`" in printed


def blocks() -> list[str]:
    """Every Python block of the page."""
    parts = PAGE.read_text().split("```python\n")[1:]
    return [part.split("```")[0] for part in parts]


def test_the_examples_of_the_page_run_one_after_another(place: Path) -> None:
    """In one process, as somebody would type them in."""
    script = place / "page.py"
    script.write_text("\n".join(blocks()))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=place, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (place / "media/output/Suits/S01E01/ko/shorts/short-form_Suits.S01E01_001.mkv").is_file()


def test_the_page_names_everything_that_is_public() -> None:
    """No name of the package is left for the reader to find."""
    import rules_engine  # noqa: PLC0415 - asked for its names

    text = PAGE.read_text()
    assert [name for name in rules_engine.__all__ if f"`{name}`" not in text and name != "__version__"] == []


WORKER = """
import sys
from rules_engine import FileType, JobManager

with JobManager.from_policies("policies", root="media") as jobs:
    for number in range(5):
        with jobs.job("short_form", job_id=f"{sys.argv[1]}-{number}", episode=sys.argv[1]) as job:
            job.path("clip.mkv", FileType.TEMP_VIDEO).write_text("x")
            job.publish(f"scratch/{job.job_id}/slides/clip.mkv", FileType.FINAL_VIDEO, index=number)
        print(job.job_id, *job.cleanup_result.deferred)
"""


class Night:
    """A nightly apply that stands still, with the lock of the root held, until it is told to go on."""

    def __init__(self) -> None:
        self.holds = threading.Event()
        self.go_on = threading.Event()
        self.result: RunResult | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        policies, clock = load_policies(["policies"]), SystemClock()
        with Root.open("media") as root:
            plan = survey(policies, root, clock).plan(clock.now())
            self.result = apply_plan(plan, root, policies=policies, clock=clock, listen=self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.holds.set()
            self.go_on.wait(60)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.holds.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._thread.join(60)


def leave_something_due(jobs: JobManager) -> None:
    """A finished job whose scratch is left to the nightly apply, because somebody held the lock at its end."""
    assert jobs.root.state is not None
    with lock_root(jobs.root.state), jobs.job("short_form", job_id="old") as job:
        job.path("x", "scribble").write_text("x")


@pytest.mark.slow
def test_twenty_jobs_neither_wait_for_a_nightly_apply_nor_fail(place: Path) -> None:
    """Ten in threads of one process, ten in two others, all while the lock of the root is held."""
    settings = place / "policies/settings.yaml"
    text = settings.read_text()
    settings.write_text(text.replace("retention: 24h", "retention: 0s"))
    (place / "policies/cleanup.yaml").unlink()
    results: list[tuple[float, CleanupResult | None]] = []

    def work(jobs: JobManager, number: int) -> None:
        began = time.perf_counter()
        with jobs.job("short_form", job_id=f"thread-{number}", episode="E") as job:
            job.path("clip.mkv", "temp_video").write_text("x")
        results.append((time.perf_counter() - began, job.cleanup_result))

    with JobManager.from_policies("policies", root="media", create=True) as jobs:
        leave_something_due(jobs)
        with Night() as night:
            others = [
                subprocess.Popen([sys.executable, "-c", WORKER, f"process{one}"], stdout=subprocess.PIPE, text=True)
                for one in range(2)
            ]
            threads = [threading.Thread(target=work, args=(jobs, number)) for number in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            printed = [one.communicate(timeout=60)[0] for one in others]
            assert jobs.root.state is not None
            assert is_root_locked(jobs.root.state)
        assert night.result is not None
        assert night.result.state is RunState.FINISHED
        assert [one.returncode for one in others] == [0, 0]
        assert "".join(printed).count("holds the lock of the root") == 10
        assert [result.deferred for _, result in results if result] == [
            ["another run holds the lock of the root; what is due is left to the next one"]
        ] * 10
        assert max(took for took, _ in results) < 5
        ids = [*(f"thread-{n}" for n in range(10)), *(f"process{p}-{n}" for p in range(2) for n in range(5))]
        contexts = [jobs.get_job_context(job_id) for job_id in ids]
        assert {context.status for context in contexts if context} == {JobStatus.COMPLETED}
        assert len(contexts) == 20
        with jobs.job("short_form", job_id="last") as job:
            pass
        assert job.cleanup_result is not None
        assert job.cleanup_result.ok
        assert sum(path.name == "clip.mkv" for path in job.cleanup_result.removed) == 10
        assert list((place / "media/scratch").iterdir()) == []
