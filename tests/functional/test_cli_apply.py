"""`rules apply` and `rules explain`, run as processes."""

import pytest
from cliplace import CLEANUP, Place

from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root


def test_a_written_plan_is_carried_out_once_and_nothing_else(place: Place) -> None:
    """What came after the plan stays; the same plan again does nothing more."""
    place.process("plan", "--out", "p.jsonl")
    place.write("media/a/temp_late")
    answer = place.process("apply", "p.jsonl")
    assert answer.code == 0, answer.err
    assert "  delete  2 files  8 B  done\n  trash    1 file  7 B  done\n" in answer.out
    left = sorted(path.name for path in (place.media / "a").iterdir())
    assert left == ["temp_late"]
    again = place.rules("apply", "p.jsonl")
    assert (again.code, again.out) == (0, answer.out)
    assert (place.media / "a/temp_late").exists()


def test_without_a_file_the_plan_is_shown_and_carried_out(place: Place) -> None:
    """`--yes` where nobody can answer."""
    answer = place.process("apply", "--yes")
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"root {place.media}, root id ")
    assert "\nfreed 8 B; 7 B lie in `.rules/trash/" in answer.out
    assert not (place.media / "a/temp_1").exists()


def test_where_nobody_can_be_asked_and_nobody_said_yes_nothing_happens(place: Place) -> None:
    """Exit 2, with both ways out."""
    answer = place.process("apply")
    assert answer.code == 2
    assert "nobody can be asked here: give the FILE of a plan that was read, or --yes" in answer.err
    assert (place.media / "a/temp_1").exists()


def test_nothing_due_is_nothing_to_ask(place: Place) -> None:
    """A second apply shows its plan and ends well."""
    place.rules("apply", "--yes")
    answer = place.rules("apply", "--yes")
    assert answer.code == 0
    assert "Nothing goes: no file is due.\n" in answer.out
    assert "\nrun " not in answer.out


def test_the_document_of_a_run_is_json(place: Place) -> None:
    """And nothing else is on stdout."""
    found = place.rules("apply", "--yes", "--format", "json").document
    assert (found["kind"], found["state"], found["bytes_freed"]) == ("run", "finished", 8)


def test_a_plan_over_a_limit_is_shown_and_not_carried_out(place: Place) -> None:
    """Exit 6, also with `--yes`."""
    place.write("policies/settings.yaml", "version: 1\nkind: settings\nroot: media\nlimits: {files: 2}\n")
    answer = place.rules("apply", "--yes")
    assert answer.code == 6
    assert answer.out.startswith("REFUSED: ")
    assert answer.err.startswith("error: the plan is refused: it removes 3 files")
    assert (place.media / "a/temp_1").exists()


def test_a_plan_of_other_policies_is_refused_unless_it_is_trusted(place: Place) -> None:
    """Exit 5; `--policies-from-plan` is for hosts without policies."""
    place.rules("plan", "--out", "p.jsonl")
    place.write("policies/cleanup.yaml", CLEANUP.replace("delete", "trash"))
    refused = place.rules("apply", "p.jsonl")
    assert refused.code == 5
    assert "the policies say something else by now" in refused.err
    assert (place.media / "a/temp_1").exists()
    trusted = place.rules("apply", "p.jsonl", "--policies-from-plan", "--root", "media")
    assert trusted.code == 0, trusted.err
    assert not (place.media / "a/temp_1").exists()


def test_trusting_a_plan_needs_a_plan_and_a_root(place: Place) -> None:
    """Exit 2: a plan file does not say where its root lies."""
    assert place.rules("apply", "--policies-from-plan", "--yes").code == 2
    place.rules("plan", "--out", "p.jsonl")
    answer = place.rules("apply", "p.jsonl", "--policies-from-plan")
    assert answer.code == 2
    assert answer.err.startswith("error: no root is named\n  help: give one with `--root DIR`")


def test_a_directory_that_is_no_root_can_be_planned_but_not_applied(place: Place) -> None:
    """An unmounted drive is never somebody's tree."""
    place.write("other/temp_9")
    planned = place.rules("plan", "--root", "other")
    assert planned.code == 0
    assert "not a root yet: this plan cannot be applied; run `rules init --root DIR` first" in planned.out
    answer = place.rules("apply", "--yes", "--root", "other")
    assert answer.code == 6
    assert "is not a root\n  help: is its disk mounted? `rules init --root " in answer.err
    assert (place.path / "other/temp_9").exists()


@pytest.mark.parametrize("root", ["/", "missing", "link", "media/a", "film", "home"])
def test_what_cannot_be_a_root_is_refused(place: Place, root: str) -> None:
    """`/`, what is missing, a link, what lies in a root, a file, the home directory."""
    (place.path / "link").symlink_to("media")
    place.write("film")
    (place.path / "home").mkdir()
    before = place.tree()
    for command in (["plan"], ["apply", "--yes"], ["init"]):
        answer = place.rules(*command, "--root", root, environment={"HOME": str(place.path / "home")})
        assert answer.code == 6, answer
        assert answer.err.startswith("error: ")
        assert "\n  help: " in answer.err
    assert place.tree() == before


def test_a_path_is_explained_from_the_root_and_from_the_current_directory(place: Place) -> None:
    """As plans write it, as a shell completes it, and absolute."""
    for path in ("a/temp_1", "media/a/temp_1", str(place.media / "a/temp_1")):
        answer = place.rules("explain", path)
        assert answer.code == 0, answer.err
        assert "\na/temp_1\n  GOES: delete by `stray-temps`, due since " in answer.out
    assert "  STAYS: rule `heroes` keeps it\n" in place.rules("explain", "hero/temp_3").out


def test_a_path_that_is_gone_is_explained_by_the_run_that_took_it(place: Place) -> None:
    """Which run, which rule, what came of it; other paths never were there."""
    place.rules("apply", "--yes")
    answer = place.rules("explain", "a/temp_1", "a/film.part", "media/a/temp_1", "never/was")
    blocks = answer.out.split("\n\n")
    assert [block.splitlines()[0] for block in blocks[1:]] == ["a/temp_1", "a/film.part", "a/temp_1", "never/was"]
    assert ": delete by `stray-temps`: done" in blocks[1]
    assert ": trash by `parts`: done" in blocks[2]
    assert blocks[4] == "never/was\n  IS NOT THERE, and no recorded run had a step on it\n"
    found = place.rules("explain", "a/temp_1", "never/was", "hero/temp_3", "--format", "json").document
    assert found["paths"][0]["runs"][0]["outcome"] == "done"
    assert found["paths"][1] == {"path": "never/was", "decision": "gone", "runs": []}
    assert found["paths"][2]["because"] == "keep_rule"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc/passwd", "path `/etc/passwd` does not lie in the root `"),
        ("../outside", "path `../outside` does not lie in the root `"),
    ],
)
def test_what_cannot_be_explained_is_a_usage_error(place: Place, path: str, message: str) -> None:
    """A path outside the root, however it is written."""
    answer = place.rules("explain", path)
    assert answer.code == 2
    assert answer.err.startswith(f"error: {message}")


def test_a_root_that_another_run_holds_is_left_alone(place: Place) -> None:
    """Exit 7, naming the holder."""
    with Root.open(str(place.media)) as root, lock_root(root.require_state()):
        answer = place.process("apply", "--yes")
    assert answer.code == 7
    assert " is locked by " in answer.err
    assert (place.media / "a/temp_1").exists()
