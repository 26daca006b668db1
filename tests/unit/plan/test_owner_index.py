"""Which jobs a whole directory is about."""

import pytest
from makers import job

from rules_engine.manifest.model import DeclaredDirectory
from rules_engine.plan.owners import OwnerIndex
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType

JOBS = (
    job("a"),
    job("b", files={RelPath("scratch/a/sub"): {"x": FileType("temp_slide")}}),
    job("c", directories={RelPath("scratch/a-frames"): DeclaredDirectory(None, FileType("temp_slide"))}),
    job("e", files={RelPath("misc"): {"was-a-file": FileType("temp_slide")}}),
    job("d", workspace=RelPath("scratch/a/deep/d")),
)


@pytest.mark.parametrize(
    ("directory", "jobs"),
    [
        ("scratch", ("a", "b", "c", "d", "e")),
        ("scratch/a", ("a", "b", "d")),
        ("scratch/a/sub", ("a", "b")),
        ("scratch/a/deep/d/e", ("a", "d")),
        ("scratch/a-frames", ("c",)),
        ("scratch/a-frame", ()),
        ("other", ()),
        ("misc/was-a-file", ("e",)),
        ("misc/another", ()),
    ],
)
def test_a_directory_is_about_jobs_above_at_and_below_it(directory: str, jobs: tuple[str, ...]) -> None:
    """A place at, above or below it counts, and a file that is named below it, whether it is there or not."""
    assert OwnerIndex(JOBS).at_or_below(RelPath(directory)) == jobs
