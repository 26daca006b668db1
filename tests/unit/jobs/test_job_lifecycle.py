import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Noted, Outcome, RunResult
from rules_engine.errors import ExitCode, InvalidValueError, RefusedError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import DirectoryNotMadeError, add, finish, list_jobs, show, start
from rules_engine.jobs.planning import survey
from rules_engine.jobs.starting import NoLayoutError, new_job_id
from rules_engine.manifest.errors import ForeignPathError, JobFinishedError, JobRunningError, UnknownJobError
from rules_engine.plan.model import StepAction
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant, parse_instant
from rules_engine.values.vocabulary import FileType, JobStatus

LAYOUT = """
version: 1
kind: layout
job_type: short_form
parameters: {series: {default: _unsorted}, episode: {default: "{job_id}"}, language: {}}
workspace: "scratch/{job_id}"
output: "output/{series}/{episode}/{language}"
status: "jobs/{status}/{job_id}"
directories:
  temp:   {in: workspace}
  shorts: {in: output, holds: [final_video], mode: "775"}
aliases:
  "output/{series}/{episode}/translations/{language}/shorts": shorts
"""
PLAIN = """
version: 1
kind: layout
job_type: plain
workspace: "work/{job_id}"
output: "plain/{job_id}"
directories:
  temp: {in: workspace}
"""
KOREAN = {"language": "ko"}


class LaterClock:
    """The present, moved on by what a test says."""

    def __init__(self) -> None:
        self.instant = parse_instant("2100-01-01")

    def now(self) -> Instant:
        """That instant; a nanosecond later at each reading."""
        self.instant = Instant(self.instant + 1)
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.instant = Instant(self.instant + int(seconds * 1e9))


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    """Two layouts, and the defaults of everything else."""
    return load_texts({"short.yaml": LAYOUT, "plain.yaml": PLAIN})


@pytest.fixture
def clock() -> LaterClock:
    """A clock of our own."""
    return LaterClock()


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root at `tmp_path/media`."""
    (tmp_path / "media").mkdir()
    with Root.create(str(tmp_path / "media")) as found:
        yield found


def tree(root: Root) -> list[str]:
    """Every path below the root but the state, in order."""
    top = Path(root.path)
    found = (path.relative_to(top) for path in top.rglob("*"))
    return sorted(str(path) for path in found if path.parts[0] != ".rules")


def apply_due(root: Root, policies: PolicySet, clock: LaterClock) -> RunResult:
    """Plan and apply what is due."""
    plan = survey(policies, root, clock).plan(clock.now())
    return apply_plan(plan, root, policies=policies, clock=clock)


def test_a_job_gets_its_directories_and_links_and_no_others(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """What the layout lists, the parents of links, and nothing else."""
    record = start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    assert record.status is JobStatus.RUNNING
    assert tree(root) == [
        "jobs",
        "jobs/running",
        "jobs/running/j",
        "output",
        "output/_unsorted",
        "output/_unsorted/j",
        "output/_unsorted/j/ko",
        "output/_unsorted/j/ko/shorts",
        "output/_unsorted/j/translations",
        "output/_unsorted/j/translations/ko",
        "output/_unsorted/j/translations/ko/shorts",
        "scratch",
        "scratch/j",
        "scratch/j/temp",
    ]
    top = Path(root.path)
    assert os.readlink(top / "jobs/running/j") == "../../output/_unsorted/j/ko"
    assert (top / "output/_unsorted/j/translations/ko/shorts").resolve() == top / "output/_unsorted/j/ko/shorts"
    assert (top / "output/_unsorted/j/ko/shorts").stat().st_mode & 0o777 == 0o775
    assert record.parameters == {"series": "_unsorted", "episode": "j", "language": "ko"}


def test_finishing_moves_the_status_link(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """`ls jobs/failed` answers what went wrong; a new attempt moves it back."""
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    assert finish(root, policies, clock, "j", success=False).status is JobStatus.FAILED
    jobs = Path(root.path) / "jobs"
    assert [sorted(os.listdir(jobs / one)) for one in ("failed", "running")] == [["j"], []]
    again = start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    assert again.attempt == 2
    assert [sorted(os.listdir(jobs / one)) for one in ("failed", "running")] == [[], ["j"]]
    assert finish(root, policies, clock, "j", success=True).status is JobStatus.COMPLETED
    assert [sorted(os.listdir(jobs / one)) for one in ("completed", "running")] == [["j"], []]


def test_a_layout_without_status_and_aliases_makes_no_links(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Only its directories."""
    start(root, policies, clock, "plain", job_id="j")
    finish(root, policies, clock, "j", success=True)
    assert tree(root) == ["plain", "plain/j", "work", "work/j", "work/j/temp"]


def test_a_job_without_an_id_gets_one(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Its type, the time and chance."""
    record = start(root, policies, clock, "plain")
    assert record.job_id.startswith("plain-21000101T000000Z-")
    assert new_job_id("plain", clock.now()) != new_job_id("plain", clock.now())


def test_declared_files_and_directories_are_in_the_manifest(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """A path that is a directory is declared as one."""
    start(root, policies, clock, "plain", job_id="j")
    paths = [RelPath("work/j/a.mkv"), RelPath("work/j/temp"), RelPath("plain/j/none/b.mkv")]
    add(root, policies, clock, "j", paths, file_type=FileType.TEMP_VIDEO)
    record = show(root, clock, "j")
    assert record.files[RelPath("work/j")] == {"a.mkv": FileType.TEMP_VIDEO}
    assert record.files[RelPath("plain/j/none")] == {"b.mkv": FileType.TEMP_VIDEO}
    assert record.directories[RelPath("work/j/temp")].file_type == FileType.TEMP_VIDEO


def test_a_path_in_the_workspace_of_another_job_is_refused(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Also where that job was never started."""
    start(root, policies, clock, "plain", job_id="j")
    with pytest.raises(ForeignPathError):
        add(root, policies, clock, "j", [RelPath("work/k/a")], file_type=FileType.TEMP_VIDEO)


def test_jobs_are_listed_by_id(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Each with where it stands."""
    for job_id in ("b", "a"):
        start(root, policies, clock, "plain", job_id=job_id)
    finish(root, policies, clock, "a", success=True)
    found = list_jobs(root, policies, clock)
    assert [(job.job_id, job.status) for job in found.jobs] == [("a", JobStatus.COMPLETED), ("b", JobStatus.RUNNING)]
    assert found.damaged == ()


def test_what_cannot_be_is_refused(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Starting a running job, finishing a finished one, and jobs that nobody knows."""
    start(root, policies, clock, "plain", job_id="j")
    with pytest.raises(JobRunningError):
        start(root, policies, clock, "plain", job_id="j")
    finish(root, policies, clock, "j", success=True)
    with pytest.raises(JobFinishedError):
        finish(root, policies, clock, "j", success=True)
    with pytest.raises(JobFinishedError):
        add(root, policies, clock, "j", [RelPath("work/j/a")], file_type=FileType.TEMP_VIDEO)
    with pytest.raises(UnknownJobError):
        show(root, clock, "nobody")
    with pytest.raises(UnknownJobError):
        finish(root, policies, clock, "nobody", success=True)


def test_a_directory_that_is_no_root_gets_no_jobs(tmp_path: Path, policies: PolicySet, clock: LaterClock) -> None:
    """Nothing is made there."""
    (tmp_path / "other").mkdir()
    with Root.open(str(tmp_path / "other")) as other:
        with pytest.raises(RefusedError):
            start(other, policies, clock, "plain", job_id="j")
        with pytest.raises(RefusedError):
            add(other, policies, clock, "j", [], file_type=FileType.TEMP_VIDEO)
        with pytest.raises(RefusedError):
            finish(other, policies, clock, "j", success=True)
    assert os.listdir(tmp_path / "other") == []


def test_a_type_without_a_layout_is_named_with_the_near_miss(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Or with what there is."""
    with pytest.raises(NoLayoutError) as caught:
        start(root, policies, clock, "shortform")
    assert str(caught.value) == "no layout has the job type `shortform`\n  help: did you mean `short_form`?"
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(NoLayoutError("x", ("plain", "other"))) == (
        "no layout has the job type `x`\n  help: there are: plain, other"
    )
    assert str(NoLayoutError("x", ())).endswith("there are: none")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "parameter `language` of layout `short_form` has no default; give it a value"),
        (
            {"language": "ko", "serie": "x"},
            "parameter `serie` is none of layout `short_form`; did you mean `series`?",
        ),
        (
            {"language": "ko", "zzz": "x"},
            "parameter `zzz` is none of layout `short_form`; it has: series, episode, language",
        ),
        ({"language": "../x"}, "value of parameter `language` `../x` is not one path component"),
        ({"language": ".."}, "value of parameter `language` `..` is not one path component"),
        ({"language": ""}, "value of parameter `language` `` is not one path component"),
        ({"language": ".rules"}, "value of parameter `language` `.rules` is not one path component"),
        (
            {"language": "x" * 256},
            f"value of parameter `language` `{'x' * 256}` is longer than 255 bytes",
        ),
    ],
)
def test_a_parameter_that_cannot_be_one_is_refused(
    root: Root, policies: PolicySet, clock: LaterClock, given: dict[str, str], message: str
) -> None:
    """Nothing is mended silently, and nothing is made."""
    with pytest.raises(InvalidValueError) as caught:
        start(root, policies, clock, "short_form", job_id="j", parameters=given)
    assert str(caught.value) == message
    assert tree(root) == []


def test_a_path_into_the_state_is_refused(root: Root, clock: LaterClock) -> None:
    """Also where only a whole template makes it."""
    text = PLAIN.replace('"plain/{job_id}"', '"plain/.{part}/{job_id}"').replace(
        "workspace", "parameters: {part: {default: rules}}\nworkspace", 1
    )
    with pytest.raises(InvalidValueError, match=r"leads into `.rules`, the state of a root"):
        start(root, load_texts({"p.yaml": text}), clock, "plain", job_id="j")


def test_a_file_in_the_way_of_a_directory_is_named(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Nothing is replaced; the manifest says that the job was started."""
    (Path(root.path) / "work/j").mkdir(parents=True)
    (Path(root.path) / "work/j/temp").write_bytes(b"mine")
    with pytest.raises(DirectoryNotMadeError) as caught:
        start(root, policies, clock, "plain", job_id="j")
    assert str(caught.value) == (
        "job `j` has no directory `work/j/temp`: a file has its name\n"
        "  help: mend that, then `rules job finish j --failed` and start it again"
    )
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)
    assert show(root, clock, "j").status is JobStatus.RUNNING


def test_a_link_that_cannot_be_made_is_heard_and_the_job_starts(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """An old directory stands where the alias would be."""
    old = Path(root.path) / "output/_unsorted/j/translations/ko/shorts"
    old.mkdir(parents=True)
    heard: list[Noted] = []
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN, listen=heard.append)
    path = RelPath("output/_unsorted/j/translations/ko/shorts")
    cause = "something else has its name"
    assert heard == [Noted(path, StepAction.CREATE_LINK, Outcome.CHANGED, 0, cause)]
    assert old.is_dir()


def test_a_status_link_that_somebody_replaced_is_heard_and_left_alone(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Finishing works all the same."""
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    link = Path(root.path) / "jobs/running/j"
    link.unlink()
    link.write_bytes(b"mine")
    heard: list[Noted] = []
    assert finish(root, policies, clock, "j", success=True, listen=heard.append).status is JobStatus.COMPLETED
    assert [(one.path, one.cause) for one in heard] == [("jobs/running/j", "it is not the link that the layout made")]
    assert link.read_bytes() == b"mine"


def test_what_a_job_leaves_goes_when_it_is_due_and_plans_converge(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Scratch goes a day after the end, deliverables stay, and the next plan is empty."""
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    top = Path(root.path)
    (top / "scratch/j/temp/clip.mkv").write_bytes(b"123")
    video = RelPath("output/_unsorted/j/ko/shorts/final.mkv")
    (top / video).write_bytes(b"1")
    add(root, policies, clock, "j", [video], file_type=FileType.FINAL_VIDEO)
    finish(root, policies, clock, "j", success=True)
    assert apply_due(root, policies, clock).counts == ()
    clock.instant = Instant(clock.instant + 2 * DAY)
    result = apply_due(root, policies, clock)
    assert (result.freed, result.noted) == (3, ())
    assert [path for path in tree(root) if path.startswith("scratch")] == ["scratch"]
    assert (top / video).exists()
    assert apply_due(root, policies, clock).counts == ()


def test_a_file_that_changed_is_looked_at_again_and_goes_later(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """The seal does not vouch for it any more; it counts from its own change, and plans converge."""
    start(root, policies, clock, "plain", job_id="j")
    clip = Path(root.path) / "work/j/temp/clip.mkv"
    clip.write_bytes(b"123")
    finish(root, policies, clock, "j", success=True)
    clip.write_bytes(b"1234")
    os.utime(clip, ns=(clock.instant, clock.instant))
    clock.instant = Instant(clock.instant + 2 * DAY)
    first = apply_due(root, policies, clock)
    assert [(one.path, one.outcome) for one in first.noted] == [
        ("work/j/temp/clip.mkv", Outcome.CHANGED),
        ("work/j/temp", Outcome.CHANGED),
        ("work/j", Outcome.CHANGED),
    ]
    assert apply_due(root, policies, clock).count(Outcome.CHANGED) == 0
    assert not (Path(root.path) / "work/j").exists()
    assert apply_due(root, policies, clock).counts == ()


def test_files_of_a_job_that_runs_again_are_protected(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """A new attempt began between plan and apply."""
    start(root, policies, clock, "plain", job_id="j")
    (Path(root.path) / "work/j/temp/clip.mkv").write_bytes(b"123")
    finish(root, policies, clock, "j", success=True)
    clock.instant = Instant(clock.instant + 2 * DAY)
    plan = survey(policies, root, clock).plan(clock.now())
    start(root, policies, clock, "plain", job_id="j")
    result = apply_plan(plan, root, policies=policies, clock=clock)
    assert {one.outcome for one in result.noted} == {Outcome.PROTECTED}
    assert result.noted[0].cause == "job `j` is running"
    assert result.exit_code is ExitCode.DONE
    assert (Path(root.path) / "work/j/temp/clip.mkv").exists()
