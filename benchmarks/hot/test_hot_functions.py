"""The functions where the time of a plan goes, each alone: `./dev bench-hot`."""

import io
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from farm import FRAMES, TRACKED, Farm, untracked_rules, write_policies

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.listing import read_listing
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.inventory.seen import facts_from
from rules_engine.jobs.planning import Survey, survey
from rules_engine.manifest.rows import decode_directory
from rules_engine.manifest.seal import decode_seal
from rules_engine.manifest.sealedlines import lines_of
from rules_engine.plan.alike import Judge
from rules_engine.plan.decide import judge
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.planfile import read_plan, write_plan
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import compile_lists
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId

JOBS = 20
DIRECTORIES = 4
Benchmark = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """A small farm and what a plan knows of it before the first decision."""

    farm: Farm
    root: Root
    policies: PolicySet
    found: Survey
    frames: tuple[FileFact, ...]
    """Those of the first job."""

    @property
    def seen(self) -> Evidence:
        """What a decision sees, with nothing remembered."""
        now = Instant(time.time_ns())  # noqa: TID251 - the benchmark's own clock
        return gather_evidence(self.policies, self.found.jobs, self.found.guards, now=now)

    def plan(self) -> bytes:
        """The file of a plan of it."""
        out = io.BytesIO()
        write_plan(survey(self.policies, self.root, SystemClock()).plan(SystemClock().now()), out)
        return out.getvalue()


def _scene(folder: Path, cleanup: str, *, sealed: bool) -> Iterator[Scene]:
    (farm := Farm(folder / "farm", JOBS)).build(sealed=sealed)
    policies = load_policies([str(write_policies(folder / "policies", cleanup))])
    with Root.open(str(farm.tree)) as root:
        found = survey(policies, root, SystemClock())
        directories: tuple[DirectoryFacts, ...] = tuple(found.inventory.directories)
        frames = next(facts.files for facts in directories if len(facts.files) == FRAMES)
        yield Scene(farm, root, policies, found, frames)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Jobs that are sealed, and one rule about them."""
    yield from _scene(tmp_path_factory.mktemp("sealed"), TRACKED, sealed=True)


@pytest.fixture(scope="module", params=[20, 200])
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The same files without manifests, and that many rules."""
    yield from _scene(tmp_path_factory.mktemp("walked"), untracked_rules(request.param), sealed=False)


def test_a_seal_is_read(benchmark: Benchmark, sealed: Scene) -> None:
    """The seal of a job with a hundred files: its first line; directories are decoded when they are asked for."""
    data = (sealed.farm.tree / ".rules/sealed/job-0000000.json").read_bytes()
    seal = benchmark(decode_seal, data, JobId("job-0000000"))
    assert len(seal.lines) == DIRECTORIES


def test_a_sealed_directory_is_read(benchmark: Benchmark, sealed: Scene) -> None:
    """Its ninety rows."""
    data = (sealed.farm.tree / ".rules/sealed/job-0000000.json").read_bytes()
    seal = decode_seal(data, JobId("job-0000000"))
    line = lines_of(tuple(seal.lines), data)[RelPath("scratch/job-0000000/frames")]
    assert len(benchmark(decode_directory, line).rows) == FRAMES


def test_rows_become_facts(benchmark: Benchmark, sealed: Scene) -> None:
    """The ninety rows of one seal, where nothing else tells of their directory."""
    path = RelPath("scratch/job-0000000/frames")
    data = (sealed.farm.tree / ".rules/sealed/job-0000000.json").read_bytes()
    rows = decode_seal(data, JobId("job-0000000")).directory(path)
    facts = benchmark(facts_from, path, rows)
    assert facts is not None
    assert len(facts.files) == FRAMES


def test_a_directory_is_read(benchmark: Benchmark, walked: Scene) -> None:
    """Ninety entries, each with its status."""
    with walked.root.directory.open(RelPath("scratch/job-0000000/frames")) as handle:
        listing = benchmark(read_listing, handle, RelPath("scratch/job-0000000/frames"), FileFact)
    assert len(listing.files) == FRAMES


def test_the_automaton_answers(benchmark: Benchmark, walked: Scene) -> None:
    """Ninety paths, with the patterns of all rules in one pass each."""
    automaton = compile_lists([rule.files.match for rule in walked.policies.rules if rule.files.match is not None])
    paths = [file.path for file in walked.frames]
    assert benchmark(lambda: sum(len(automaton.answer(path).selected) for path in paths)) == FRAMES


def _judge_all(scene: Scene) -> int:
    """How many files of one directory were judged, with what a plan remembers of files that are alike."""
    facts = DirectoryFacts(scene.frames[0].directory, scene.frames)
    owners = OwnerIndex(scene.found.jobs).of_directory(facts.path)
    groups = Judge(scene.policies, scene.seen).judge_directory(facts, owners)
    return sum(len(group.files) for group in groups)


def test_a_sealed_directory_is_judged(benchmark: Benchmark, sealed: Scene) -> None:
    """Ninety files of a job."""
    assert benchmark(_judge_all, sealed) == FRAMES


def test_a_walked_directory_is_judged(benchmark: Benchmark, walked: Scene) -> None:
    """Ninety files of nobody."""
    assert benchmark(_judge_all, walked) == FRAMES


def test_a_file_is_judged_alone(benchmark: Benchmark, sealed: Scene) -> None:
    """Without anything remembered."""
    seen, owners = sealed.seen, sealed.found.jobs[:1]
    assert benchmark(judge, sealed.frames[0], owners, sealed.policies, seen) is not None


def test_a_plan_is_written(benchmark: Benchmark, sealed: Scene) -> None:
    """The lines of twenty batches of ninety steps."""
    plan = read_plan(io.BytesIO(sealed.plan()))
    batches = list(plan.batches)
    benchmark(lambda: write_plan(replace(plan, batches=batches), io.BytesIO()))
    assert sum(len(batch.entries) for batch in batches) >= JOBS * FRAMES


def test_a_plan_is_read(benchmark: Benchmark, sealed: Scene) -> None:
    """And proved whole first."""
    data = sealed.plan()
    steps = benchmark(lambda: sum(len(batch.entries) for batch in read_plan(io.BytesIO(data)).batches))
    assert steps >= JOBS * FRAMES
