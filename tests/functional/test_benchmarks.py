"""The benchmarks run and print their tables; how fast it was is for people to read."""

import importlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cliplace import REPOSITORY, Place

from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import observe_job
from rules_engine.jobs.lifecycle import start
from rules_engine.manifest.events import AddFiles, Line
from rules_engine.manifest.log import read_log
from rules_engine.manifest.seal import Seal, SealedDirectory
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND, Instant
from rules_engine.values.vocabulary import FileType, JobId

ROW = re.compile(r"^\| (.+?) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (.*) \|$", re.MULTILINE)


def run_script(place: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of the scripts, run to its end."""
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "benchmarks" / script), *arguments],
        env=Place(place).environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_the_benchmark_of_jobs_prints_each_cost(tmp_path: Path) -> None:
    """Two tables of medians, each with a bare call of the system beside it; nothing is left behind."""
    done = run_script(tmp_path, "jobs.py", "--files", "50", "--jobs", "10", "--directory", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    rows = {found[0]: [float(number) for number in found[1:5]] for found in ROW.findall(done.stdout)}
    assert list(rows) == [
        "`add_file`, 50 files",
        "one bare append of such a line",
        "start and finish, the first 10",
        "start and finish, with 10 jobs in the state",
        "one bare append made durable",
    ]
    assert all(number > 0 for number in rows["start and finish, with 10 jobs in the state"])
    assert list(tmp_path.iterdir()) == []


N = r"([\d.]+)"
RATIO = re.compile(rf"^\| (`rules .+?) \| (.+?) \| {N} \| {N} \| {N} \| ≤ {N} \| (\S+) \|.* \| 1 \|$", re.MULTILINE)
JOB = JobId("job-0000000")


def test_the_benchmark_of_a_farm_measures_each_work_and_checks_the_selections(tmp_path: Path) -> None:
    """Each row is there with a ratio that is its two times'; the farm stays for the next run, everything else goes."""
    kept, results = tmp_path / "kept", tmp_path / "results"
    sizes = ["--sizes", "300", "--times", "1", "--farm", str(kept), "--results", str(results)]
    done = run_script(tmp_path, "plan_and_apply.py", *sizes)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the plan and find name the same 270 files" in done.stdout
    rows = [found for found in RATIO.findall(done.stdout) if found[1] != "`fd -j2`"]
    assert [(found[0], found[1], float(found[5])) for found in rows] == [
        ("`rules plan --out` from seals", "`find … -printf`", 0.25),
        ("`rules plan --out` by a walk, 20 rules", "`find … -printf`", 0.7),
        ("`rules plan --out` by a walk, 200 rules", "the same, 20 rules", 1.15),
        ("`rules apply` of the plan from seals", "`find … -delete`", 1.2),
    ]
    # Loosely: with this little work, hardly more than how long each takes to start.
    assert all(0 < float(found[4]) < 2_000 for found in rows)
    assert all((float(found[4]) <= float(found[5])) == (found[6] == "met") for found in rows)
    assert (results / "farm.md").read_text() in done.stdout
    assert [path.name for path in kept.iterdir()] == ["farm-300"]
    assert sum(1 for _ in kept.glob("farm-300/tree/scratch/*/frames/*.png")) == 270


class Then:
    """The moment at which the jobs of a farm ended."""

    def __init__(self, ended: Instant) -> None:
        self._ended = ended

    def now(self) -> Instant:
        """Always that moment."""
        return self._ended

    def sleep(self, seconds: float) -> None:
        """Nobody waits."""


def test_a_job_of_the_farm_left_what_a_real_one_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same log, and a seal that plans use and that says the same; only inodes and times of change are its own."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    farm = importlib.import_module("farm")
    (built := farm.Farm(tmp_path / "built", 1)).build()
    (bare := farm.Farm(tmp_path / "bare", 0)).build()
    policies = load_policies([str(farm.write_policies(tmp_path / "policies", farm.TRACKED))])
    with Root.open(str(built.tree)) as made, Root.open(str(bare.tree)) as root:
        seal, lines = seal_of(made)
        live(root, policies, lines, seal)
        real_seal, real_lines = seal_of(root)
    assert lines == real_lines
    assert seal.logs == real_seal.logs
    assert list(map(shape, seal.directories())) == list(map(shape, real_seal.directories()))
    assert replace(seal.record, files={}) == replace(real_seal.record, files={})


def live(root: Root, policies: PolicySet, lines: list[Line], seal: Seal) -> None:
    """Start, declare and finish the job that these lines tell of, as a pipeline would."""
    then = Then(seal.record.started)
    store = ManifestStore(root, then)
    start(root, policies, then, "render", job_id=JOB, parameters={"series": "show"})
    (declared,) = (line.event for line in lines if isinstance(line.event, AddFiles))
    files = [(RelPath(str(path)), FileType(kind)) for path, kind in declared.files]
    store.add_files(JOB, files)
    for path, kind in files:
        full = f"{root.path}/{path}"
        with open(full, "wb") as file:
            file.truncate(5_000_000 if kind == "final_video" else 100_000)
        os.utime(full, ns=(seal.record.started - 60 * SECOND,) * 2)
    store.finish(JOB, success=True, directories=observe_job(root, store.get(JOB)))


def seal_of(root: Root) -> tuple[Seal, list[Line]]:
    """The seal that a plan would use for the job, and the lines of its log."""
    store = ManifestStore(root, Then(Instant(0)))
    loaded = store.load(lambda _job_id: ())
    assert (loaded.notes, loaded.damaged) == ((), ())
    seal = store.seal_of(loaded.jobs[0])
    assert seal is not None
    (covered,) = seal.logs
    with root.require_state().open(RelPath("manifests")) as manifests:
        return seal, list(read_log(manifests, f"{JOB}@{covered.host}.jsonl", covered.host).lines)


def shape(sealed: tuple[RelPath, SealedDirectory]) -> object:
    """What a seal says of a directory, without what the disk chose."""
    path, one = sealed
    rows = [(row.name, row.file_type, row.kind, row.size, row.mtime_ns, row.nlink, row.look) for row in one.rows]
    return path, one.inode is None, one.complete, one.subdirectories, one.look, rows
