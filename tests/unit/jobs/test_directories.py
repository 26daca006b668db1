"""What the directory manager promises a pipeline."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from job_world import KOREAN, LaterClock, tree

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.directories import DirectoryManager
from rules_engine.jobs.lifecycle import DirectoryNotMadeError
from rules_engine.jobs.models import DirectoryStructure, JobContext
from rules_engine.jobs.starting import NoLayoutError
from rules_engine.jobs.tracker import ManifestTracker
from rules_engine.manifest.errors import JobFinishedError, UnknownJobError
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.load import load_policies, load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.policy.shipped import shipped_folder
from rules_engine.values.quantities import instant_to_datetime
from rules_engine.values.vocabulary import DirectoryType, JobType

PLACE = {"series": "Suits", "episode": "S01E01", "language": "ko"}
TYPES = ("short_form", "long_form", "expression_only", "slides_only")


@pytest.fixture(scope="module")
def shipped() -> PolicySet:
    """The policies that ship."""
    return load_policies([shipped_folder()])


@pytest.fixture
def umask() -> Iterator[None]:
    """A umask that takes everything from the group and others."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def _context(root: Root, policies: PolicySet, clock: LaterClock, job_type: str = "short_form") -> JobContext:
    """A job that has a manifest and nothing else."""
    parameters = PLACE if job_type in TYPES else {}
    known = {name for name, _ in policies.layouts[JobType(job_type)].parameters}
    given = {name: value for name, value in parameters.items() if name in known}
    manifest = ManifestTracker(root, policies, clock).create_manifest("clip", job_type=job_type, parameters=given)
    output = Path(root.path) / "output"
    start = instant_to_datetime(clock.now())
    return JobContext("clip", JobType(job_type), start, output, manifest, DirectoryStructure(output))


@pytest.mark.parametrize("job_type", TYPES)
def test_a_job_gets_what_its_layout_requires(root: Root, shipped: PolicySet, clock: LaterClock, job_type: str) -> None:
    """Its own directories and those above them and its links; none of any other type of job."""
    manager = DirectoryManager(root, shipped, clock)
    made = manager.create_job_directories(_context(root, shipped, clock, job_type))
    keys = {key for key, _ in made.each()}
    assert keys == {one.key for one in shipped.layouts[JobType(job_type)].directories}
    assert all(path.is_dir() for _, path in made.each())
    wanted = {path for _, path in made.each()} | {made.base_dir, made.workspace_dir}
    below = {Path(root.path) / one for one in tree(root)}
    directories = {path for path in below if path.is_dir() and not path.is_symlink()}
    links = {path for path in below if path.is_symlink()}
    assert directories == {above for path in wanted for above in _up_to(root, path)} | {
        above for path in links for above in _up_to(root, path.parent)
    }


def _up_to(root: Root, path: Path) -> set[Path]:
    return {one for one in (path, *path.parents) if Path(root.path) in one.parents}


def test_making_them_again_changes_nothing(root: Root, shipped: PolicySet, clock: LaterClock) -> None:
    """A pipeline that was restarted may ask again; what lies there stays."""
    context, manager = _context(root, shipped, clock), DirectoryManager(root, shipped, clock)
    first = manager.create_job_directories(context)
    assert first.slides_dir is not None
    (first.slides_dir / "a").write_text("x")
    before = tree(root)
    assert manager.create_job_directories(context) == first
    assert tree(root) == before


@pytest.mark.usefixtures("umask")
def test_modes_are_those_of_the_layout(root: Root, shipped: PolicySet, clock: LaterClock) -> None:
    """Whatever the umask, the group can write to every directory of a job and those above: 775."""
    made = DirectoryManager(root, shipped, clock).create_job_directories(_context(root, shipped, clock))
    found = {path: os.stat(path).st_mode & 0o7777 for _, one in made.each() for path in _up_to(root, one)}
    assert set(found.values()) == {0o775}
    assert os.stat(Path(root.path) / "jobs" / "running").st_mode & 0o7777 == 0o775


@pytest.mark.usefixtures("umask")
def test_without_modes_the_umask_decides(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """A layout that says none is about its names alone."""
    context = _context(root, policies, clock, "plain")
    made = DirectoryManager(root, policies, clock).create_job_directories(context)
    assert made.temp_dir is not None
    assert os.stat(made.temp_dir).st_mode & 0o777 == 0o700


def test_only_a_running_job_gets_directories(root: Root, shipped: PolicySet, clock: LaterClock) -> None:
    """One that is finished or was never started has no use for them."""
    manager, context = DirectoryManager(root, shipped, clock), _context(root, shipped, clock)
    ManifestStore(root, clock).finish("clip", success=True, directories=())
    with pytest.raises(JobFinishedError):
        manager.create_job_directories(context)
    context.job_id = "nobody"
    with pytest.raises(UnknownJobError):
        manager.create_job_directories(context)
    assert tree(root) == []


def test_a_directory_that_cannot_be_made_is_an_error(root: Root, shipped: PolicySet, clock: LaterClock) -> None:
    """Without it the job cannot work; the error names it and the cause."""
    context = _context(root, shipped, clock)
    (Path(root.path) / "scratch").write_text("in the way")
    with pytest.raises(DirectoryNotMadeError, match="has no directory `scratch"):
        DirectoryManager(root, shipped, clock).create_job_directories(context)


def test_a_link_that_cannot_be_made_is_logged(
    root: Root, shipped: PolicySet, clock: LaterClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The job works without it."""
    context = _context(root, shipped, clock)
    taken = Path(root.path) / "output/Suits/S01E01/translations/ko/shorts"
    taken.mkdir(parents=True)
    with caplog.at_level(logging.WARNING, "rules_engine.directories"):
        DirectoryManager(root, shipped, clock).create_job_directories(context)
    assert "job `clip` has no link `output/Suits/S01E01/translations/ko/shorts`" in caplog.text


def test_each_type_of_job_has_its_own_directories(root: Root, shipped: PolicySet) -> None:
    """Asked by type, without any job; a type that no layout has is an error and not a no."""
    manager = DirectoryManager(root, lambda: shipped)
    assert manager.should_create_directory(DirectoryType.SHORTS, JobType.SHORT_FORM)
    assert not manager.should_create_directory(DirectoryType.LONG_FORM, JobType.SHORT_FORM)
    assert manager.should_create_directory("long_form", "long_form")
    with pytest.raises(NoLayoutError, match="did you mean `short_form`"):
        manager.should_create_directory("shorts", "shortform")


def test_a_structure_can_be_told_before_the_job_exists(root: Root, shipped: PolicySet) -> None:
    """Fields stand for what nobody has said; with an id they have their defaults."""
    manager, top = DirectoryManager(root, shipped), Path(root.path)
    told = manager.get_simplified_structure("long_form")
    assert told.base_dir == top / "output/{series}/{episode}/{language}"
    assert told.long_form_dir == top / "output/{series}/{episode}/{language}/long"
    assert told.slides_dir == top / "scratch/{job_id}/slides"
    assert told.other_dirs == {DirectoryType("videos"): top / "scratch/{job_id}/videos"}
    assert told.shorts_dir is None
    assert manager.get_simplified_structure("short_form", parameters=PLACE).shorts_dir == (
        top / "output/Suits/S01E01/ko/shorts"
    )
    named = manager.get_simplified_structure("short_form", job_id="clip", parameters=KOREAN)
    assert named.shorts_dir == top / "output/_unsorted/clip/ko/shorts"
    assert named.workspace_dir == top / "scratch/clip"
    assert tree(root) == []
    with pytest.raises(InvalidValueError, match="parameter `season` is none of layout `short_form`"):
        manager.get_simplified_structure("short_form", parameters={"season": "1"})


OLD_KEYS = (
    ("short_form", "language_dir", "output/Suits/S01E01/ko"),
    ("short_form", "shorts", "output/Suits/S01E01/ko/shorts"),
    ("short_form", "short_videos", "output/Suits/S01E01/ko/shorts"),
    ("short_form", "expressions", "scratch/clip/expressions"),
    ("short_form", "final_videos", "scratch/clip/expressions"),
    ("short_form", "slides", "scratch/clip/slides"),
    ("short_form", "videos", "scratch/clip/slides"),
    ("short_form", "context_slide_combined", "scratch/clip/slides"),
    ("short_form", "subtitles", "scratch/clip/slides"),
    ("long_form", "language_dir", "output/Suits/S01E01/ko"),
    ("long_form", "long", "output/Suits/S01E01/ko/long"),
    ("long_form", "long_form_videos", "output/Suits/S01E01/ko/long"),
    ("long_form", "final_videos", "scratch/clip/expressions"),
    ("long_form", "videos", "scratch/clip/videos"),
    ("long_form", "context_slide_combined", "scratch/clip/videos"),
    ("expression_only", "final_videos", "output/Suits/S01E01/ko/expressions"),
    ("expression_only", "videos", "scratch/clip/clips"),
    ("slides_only", "slides", "output/Suits/S01E01/ko/slides"),
    ("slides_only", "subtitles", "scratch/clip/temp"),
)


@pytest.mark.parametrize("old", OLD_KEYS, ids=lambda old: "-".join(old[:2]))
def test_older_code_finds_its_paths_by_key(
    root: Root, shipped: PolicySet, clock: LaterClock, old: tuple[str, str, str]
) -> None:
    """Each key that the pipeline's code uses leads to a directory that the job has."""
    job_type, key, path = old
    manager = DirectoryManager(root, shipped, clock)
    manager.create_job_directories(_context(root, shipped, clock, job_type))
    found = manager.path_for_key("clip", key)
    assert found == Path(root.path) / path
    assert found.is_dir()
    assert manager.paths_by_key("clip")[key] == found


def test_a_key_of_another_type_of_job_is_an_error(root: Root, shipped: PolicySet, clock: LaterClock) -> None:
    """No job gets a path that its layout does not have; the error tells those that it has."""
    _context(root, shipped, clock)
    with pytest.raises(InvalidValueError, match="path key `long` is none of the layout of job `clip`; it has: temp"):
        DirectoryManager(root, shipped, clock).path_for_key("clip", "long")


@pytest.mark.parametrize("job_type", TYPES)
def test_an_old_name_is_resolved_to_the_directory_that_its_link_leads_to(
    root: Root, shipped: PolicySet, clock: LaterClock, job_type: str
) -> None:
    """What the layout says and what lies on the disk agree, for the alias and for what lies below it."""
    manager = DirectoryManager(root, shipped, clock)
    manager.create_job_directories(_context(root, shipped, clock, job_type))
    for alias in ManifestStore(root, clock).get("clip").aliases:
        old = Path(root.path) / alias
        assert old.is_symlink()
        assert manager.resolve(old) == old.resolve()
        assert manager.resolve(f"{alias}/no/such.mkv") == old.resolve() / "no/such.mkv"


@pytest.mark.parametrize("path", ["output/Suits/S01E01/ko/shorts/a.mkv", "scratch/x", "output/a/b/translations/ko"])
def test_a_real_path_is_itself(root: Root, shipped: PolicySet, path: str) -> None:
    """Resolving once more changes nothing."""
    assert DirectoryManager(root, shipped).resolve(path) == Path(root.path) / path


def _aliased(alias: str, output: str = "output/{series}/{episode}") -> PolicySet:
    text = f"""
version: 1
kind: layout
job_type: clips
parameters: {{series: {{}}, episode: {{}}}}
workspace: "scratch/{{job_id}}"
output: "{output}"
directories:
  temp: {{in: workspace}}
  shorts: {{in: output}}
aliases: {{"{alias}": shorts}}
"""
    return load_texts({"clips.yaml": text})


def test_an_alias_that_says_too_little_is_resolved_by_the_job_that_has_it(root: Root, clock: LaterClock) -> None:
    """`old/{series}` does not tell the episode; the only job of that series does; nobody, and the path is itself."""
    policies = _aliased("old/{series}")
    manager, tracker = DirectoryManager(root, policies, clock), ManifestTracker(root, policies, clock)
    old, top = "old/Suits/a.mkv", Path(root.path)
    assert manager.resolve(old) == top / old
    tracker.create_manifest("one", parameters={"series": "Suits", "episode": "1"})
    tracker.create_manifest("other", parameters={"series": "Lost", "episode": "9"})
    assert manager.resolve(old) == top / "output/Suits/1/shorts/a.mkv"
    tracker.create_manifest("two", parameters={"series": "Suits", "episode": "2"})
    with pytest.raises(InvalidValueError, match=r"alias `old/Suits` could stand for `output/Suits/1/shorts`, `output/"):
        manager.resolve(old)


def test_an_alias_that_can_be_read_in_two_ways_is_resolved_by_its_jobs(root: Root, clock: LaterClock) -> None:
    """`a.b.c` is series `a.b` or `a`: no guess is made where a job can tell."""
    policies = _aliased("old/{series}.{episode}")
    manager, top = DirectoryManager(root, policies, clock), Path(root.path)
    assert manager.resolve("old/a.b/x") == top / "output/a/b/shorts/x"
    ManifestTracker(root, policies, clock).create_manifest("one", parameters={"series": "a.b", "episode": "c"})
    assert manager.resolve("old/a.b.c/x") == top / "output/a.b/c/shorts/x"


def test_a_field_that_stands_twice_is_read_once(root: Root) -> None:
    """Both must say the same."""
    manager, top = DirectoryManager(root, _aliased("old/{series}/{series}-{episode}")), Path(root.path)
    assert manager.resolve("old/Lost/Lost-1/x") == top / "output/Lost/1/shorts/x"
    assert manager.resolve("old/Lost/Suits-1/x") == top / "old/Lost/Suits-1/x"


def test_an_alias_of_scratch_is_resolved_too(root: Root) -> None:
    """Where its name tells the job."""
    text = """
version: 1
kind: layout
job_type: clips
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories: {temp: {in: workspace}}
aliases: {"old/{job_id}": temp}
"""
    manager = DirectoryManager(root, load_texts({"clips.yaml": text}))
    assert manager.resolve("old/clip/x") == Path(root.path) / "scratch/clip/temp/x"
