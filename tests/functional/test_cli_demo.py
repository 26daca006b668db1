"""`rules demo`: the first thing that a newcomer sees."""

import os
from pathlib import Path

import pytest
from cliplace import Place


@pytest.fixture
def scratch(tmp_path: Path) -> Place:
    """An empty directory that is no root."""
    return Place(tmp_path)


def test_the_demo_plans_applies_and_explains_and_leaves_nothing(scratch: Place) -> None:
    """Six steps, more than 200 GiB freed, the scratch directory gone."""
    answer = scratch.process("demo", environment={"TMPDIR": str(scratch.path)})
    assert answer.code == 0, answer.err
    for step in ("The disk", "The policies", "The plan", "Carried out", "Why?", "The disk after"):
        assert f" · {step} ──" in answer.out
    for command in ("check --sentences", "plan --out plan.jsonl", "apply plan.jsonl", "explain"):
        assert f"\n$ rules {command}" in answer.out
    freed = next(line for line in answer.out.splitlines() if line.startswith("freed "))
    assert float(freed.split()[1]) > 200
    assert freed.split()[2] == "GiB"
    assert "  STAYS for now: due at " in answer.out
    assert ": delete by `intermediates`: done\n" in answer.out
    assert "library/fonts/NotoSansKR.otf, outside the root, is untouched." in answer.out
    assert list(scratch.path.iterdir()) == []


def test_a_kept_demo_can_be_played_with(scratch: Place) -> None:
    """Its stray temps fall due in a week, its jobs stand as they stood, and the same plan again does nothing."""
    answer = scratch.rules("demo", "--directory", "here")
    assert answer.code == 0, answer.err
    assert f"$ cd {scratch.path}/here\n" in answer.out
    here = Place(scratch.path / "here")
    status = {one["job_id"]: one["status"] for one in here.rules("job", "list", "--format", "json").document["jobs"]}
    assert set(status.values()) == {"completed", "failed", "running", "abandoned"}
    assert here.rules("plan", "--format", "json").document["steps"] == []
    later = here.rules("plan", "--at", "+8d", "--format", "json").document
    stray = [step["path"] for step in later["steps"] if step["rules"] == ["stray-temps"]]
    assert len(stray) == 4
    assert os.readlink(here.media / "jobs/running/suits-s01e04-ko-short") == "../../output/Suits/S01E04/ko"
    assert here.rules("apply", "plan.jsonl").code == 0


def test_the_demo_is_kept_where_asked(scratch: Place) -> None:
    """In a directory of its own below the system's place for them."""
    answer = scratch.process("demo", "--keep", environment={"TMPDIR": str(scratch.path)})
    assert answer.code == 0, answer.err
    assert all(path.name.startswith("rules-demo-") for path in scratch.path.iterdir())
    assert len(list(scratch.path.glob("*/media/.rules"))) == 1


def test_the_demo_never_builds_where_something_is(scratch: Place) -> None:
    """Exit 6, and nothing is touched."""
    scratch.write("here/film.mkv", "precious")
    before = scratch.tree()
    answer = scratch.rules("demo", "--directory", "here")
    assert (answer.code, answer.err) == (
        6,
        "error: `here` is not empty\n  help: name a new directory for the demo\n",
    )
    answer = scratch.rules("demo", "--directory", "here/film.mkv")
    assert answer.code == 6
    assert answer.err.startswith("error: the demo cannot use `here/film.mkv`: ")
    assert scratch.tree() == before
