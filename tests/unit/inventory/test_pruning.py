"""Walks that leave out what no removal rule can select: what is read, what is looked at, what is counted."""

from pathlib import Path

import pytest

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.listing import read_listing
from rules_engine.filesystem.root import Root
from rules_engine.inventory.extents import pruning_of
from rules_engine.inventory.model import FileFact, Inventory
from rules_engine.inventory.scan import walk
from rules_engine.manifest.model import JobRecord
from rules_engine.policy.load import load_texts
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId, JobStatus, JobType

TEMPS = '{name: temps, files: {match: ["/a/**/*.tmp"], tracked: any}, after: 1d, action: delete}'


def _touch(tmp_path: Path, *paths: str) -> None:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()


def _walked(root: Root, *rules: str, jobs: tuple[JobRecord, ...] = ()) -> tuple[Inventory, list[str], list[str]]:
    """What a walk for these rules found: itself, the directories that it read, the files that it looked at."""
    listed = "".join(f"  - {rule}\n" for rule in rules)
    policies = load_texts({"cleanup.yaml": f"version: 1\nkind: cleanup\nrules:\n{listed}"})
    found = walk(root, markers=[".keep"], pruning=pruning_of(policies, jobs))
    directories = list(found.directories)
    files = [fact.path for facts in directories for fact in facts.files]
    return found, [facts.path for facts in directories], files


def _job(workspace: str, *declared: str) -> JobRecord:
    files: dict[RelPath, dict[str, FileType]] = {}
    for path in declared:
        directory, _, name = path.rpartition("/")
        files.setdefault(RelPath(directory), {})[name] = FileType.TEMP_VIDEO
    return JobRecord(
        job_id=JobId("j"),
        job_type=JobType("clips"),
        status=JobStatus.COMPLETED,
        workspace=RelPath(workspace),
        output=RelPath("output/j"),
        started=Instant(0),
        files=files,
    )


def test_a_directory_in_which_no_rule_can_select_anything_is_not_read(root: Root, tmp_path: Path) -> None:
    """Nor is anything below it; it is counted once."""
    _touch(tmp_path, "a/x.tmp", "a/b/x.tmp", "films/one/x.tmp", "films/two/x.tmp", "top.tmp")
    found, read, files = _walked(root, TEMPS)
    assert read == ["", "a", "a/b"]
    assert files == ["a/x.tmp", "a/b/x.tmp"]
    assert (found.passed_over.directories, found.passed_over.files) == (1, 1)


def test_of_a_file_that_no_rule_selects_the_name_is_all_that_is_read(root: Root, tmp_path: Path) -> None:
    """The directory does not count as listed then, for nobody knows what that file is."""
    _touch(tmp_path, "a/x.tmp", "a/film.mkv", "a/b/y.tmp")
    found, _, files = _walked(root, TEMPS)
    assert files == ["a/x.tmp", "a/b/y.tmp"]
    assert found.passed_over.files == 1
    listed = {facts.path: facts.complete for facts in walk(root).directories}
    assert listed["a"]
    again, _, _ = _walked(root, TEMPS)
    assert again.passed_over == found.passed_over


def test_a_keep_marker_is_found_though_no_rule_selects_it(root: Root, tmp_path: Path) -> None:
    """A name is enough to protect."""
    _touch(tmp_path, "a/x.tmp", "a/.keep")
    found, _, _ = _walked(root, TEMPS)
    assert found.marked == {"a": ".keep"}


@pytest.mark.parametrize(
    "rule",
    [
        "{name: all, files: {tracked: any}, after: 1d, action: delete}",
        "{name: large, files: {tracked: false, larger_than: 1GiB}, after: 1d, action: trash, report_only: true}",
    ],
)
def test_a_rule_without_patterns_has_everything_looked_at(root: Root, tmp_path: Path, rule: str) -> None:
    """It may select anything that nobody owns."""
    _touch(tmp_path, "a/x.tmp", "films/one/x.mkv")
    found, read, files = _walked(root, TEMPS, rule)
    assert read == ["", "a", "films", "films/one"]
    assert files == ["a/x.tmp", "films/one/x.mkv"]
    assert (found.passed_over.directories, found.passed_over.files) == (0, 0)


def test_what_a_job_has_is_looked_at_whatever_the_patterns_say(root: Root, tmp_path: Path) -> None:
    """Its workspace with all below it, and the directories in which it declared files."""
    _touch(tmp_path, "scratch/j/deep/x", "scratch/k/x", "output/show/film.mkv", "output/show/more/x", "output/odd/x")
    tracked = "{name: temporary, after: 1d, action: delete}"
    job = _job("scratch/j", "output/show/film.mkv")
    found, read, files = _walked(root, TEMPS, tracked, jobs=(job,))
    assert read == ["", "output", "output/show", "scratch", "scratch/j", "scratch/j/deep"]
    assert files == ["output/show/film.mkv", "scratch/j/deep/x"]
    assert found.passed_over.directories == 3


def test_a_directory_that_may_go_whole_is_looked_at_in_whole(root: Root, tmp_path: Path) -> None:
    """Also what the rule leaves out, which keeps the directory; its neighbours are not."""
    _touch(tmp_path, "cache/a/x", "cache/a/drafts/y", "cache/loose", "films/x")
    unit = '{name: u, unit: directory, files: {match: ["/cache/*/", "!/cache/*/drafts/"]}, after: 1d, action: delete}'
    found, read, files = _walked(root, unit)
    assert read == ["", "cache", "cache/a", "cache/a/drafts"]
    assert files == ["cache/a/x", "cache/a/drafts/y"]
    assert (found.passed_over.directories, found.passed_over.files) == (1, 1)


def test_a_directory_that_a_rule_about_empty_ones_names_is_read(root: Root, tmp_path: Path) -> None:
    """Only its contents tell whether it is empty."""
    _touch(tmp_path, "a/b/file", "films/x")
    (tmp_path / "a/empty").mkdir()
    rule = '{name: e, directories: {match: ["/a/*/"], empty: true}, after: 1d, action: delete}'
    assert _walked(root, rule)[1] == ["", "a", "a/b", "a/empty"]


def test_most_of_a_tree_costs_nothing_where_rules_reach_little(root: Root, tmp_path: Path) -> None:
    """Of two hundred directories five are read; of their files those are looked at that a rule selects."""
    _touch(tmp_path, *(f"films/{number}/film.mkv" for number in range(194)), "a/b/c/x.tmp", "a/b/y.mkv")
    found, read, files = _walked(root, TEMPS)
    assert (len(read), files) == (4, ["a/b/c/x.tmp"])
    assert (found.passed_over.directories, found.passed_over.files) == (1, 1)
    everything = [facts.path for facts in walk(root).directories]
    assert len(everything) > 40 * len(read)


def test_a_listing_asks_the_system_only_about_names_that_are_wanted(tmp_path: Path) -> None:
    """A directory is told from a file by its entry alone, and comes whatever its name is."""
    _touch(tmp_path, "a", "b", "d/x")
    with Directory.open_root(str(tmp_path)) as here:
        listing = read_listing(here, ROOT, FileFact, lambda names: [name == "b" for name in names])
    assert ([fact.name for fact in listing.files], listing.by_name, listing.subdirectories) == (["b"], ["a"], ["d"])
