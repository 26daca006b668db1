"""`rules diff`: two folders or a git revision, what becomes of files, and how it ends."""

import re
import shutil
from pathlib import Path

import pytest
from cliplace import CLEANUP, REPOSITORY, SETTINGS, Place
from gitplace import Repository, make_repository

MORE = CLEANUP.replace('["*.part"]', '["*.part", "*.mkv"]')
HEROES_GONE = CLEANUP[: CLEANUP.index("  - name: heroes")]


@pytest.fixture
def repository(place: Place) -> Repository:
    """The place as a repository whose policies were committed."""
    made = make_repository(place.path)
    place.write(".gitignore", "media/\n")
    made.commit()
    return made


def _version(place: Place, folder: str, cleanup: str) -> None:
    place.write(f"{folder}/cleanup.yaml", cleanup)
    place.write(f"{folder}/settings.yaml", SETTINGS)


def test_versions_that_say_the_same_end_with_zero(place: Place, repository: Repository) -> None:
    """Also where the texts differ."""
    place.write("policies/cleanup.yaml", f"# a remark\n{CLEANUP}")
    answer = place.process("diff", "main")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[0] == "Nothing is said differently"
    assert answer.out.splitlines()[1].startswith("main (")


def test_a_tree_shows_what_goes_that_stayed(place: Place) -> None:
    """With the files, their bytes, and the exit code of a check."""
    _version(place, "more", MORE)
    answer = place.rules("diff", "policies", "more", "--root", "media")
    assert (answer.code, answer.err) == (8, "")
    lines = answer.out.splitlines()
    assert lines[:2] == ["Something can be removed that could not be removed before", "policies → more"]
    assert lines[4:7] == [
        "  Stayed, and goes",
        "    `*.mkv`, files that no job owns: kept (no rule selects it) → trashed at once by `parts`",
        "      such as `.mkv`, a file that no job owns",
    ]
    at = lines.index("  Stayed, and goes", 7)
    assert lines[at + 1 : at + 3] == [
        "    kept → trashed by `parts`: 1 file, 1 B; 1 file, 1 B of them now",
        "      `film.mkv` (1 B): never → now",
    ]


def test_what_only_stays_longer_ends_with_zero(place: Place) -> None:
    """The way back of the same change."""
    _version(place, "more", MORE)
    answer = place.rules("diff", "more", "policies", "--root", "media")
    assert answer.code == 0
    assert "trashed by `parts` → kept: 1 file, 1 B" in answer.out


def test_the_page_about_reviews_shows_what_is_said(tmp_path: Path) -> None:
    """The shipped policies, and a change of two of their rules."""
    shutil.copytree(REPOSITORY / "policies", tmp_path / "old")
    shutil.copytree(REPOSITORY / "policies", tmp_path / "new")
    cleanup = (tmp_path / "old/cleanup.yaml").read_text("utf-8")
    changed = cleanup.replace("for: 90d", "for: 30d").replace('"*.part"]', '"*.part", "*.tmp"]')
    (tmp_path / "new/cleanup.yaml").write_text(changed, "utf-8")
    answer = Place(tmp_path).rules("diff", "old", "new")
    assert answer.code == 8
    shown = re.search(
        r"^```text\n(.*?)\n```$", (REPOSITORY / "docs/review.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert shown is not None
    assert answer.out.startswith(f"{shown[1]}\n\n2 things are said differently\n  - `hero-shots` keeps ")


def test_no_tree_is_needed_to_see_what_goes(place: Place) -> None:
    """What is proved holds before any file exists."""
    _version(place, "more", MORE)
    answer = place.rules("diff", "policies", "more")
    assert answer.code == 8
    assert "`*.mkv`, files that no job owns: kept (no rule selects it) → trashed at once by `parts`" in answer.out
    back = place.rules("diff", "more", "policies")
    assert back.code == 0
    assert "trashed at once by `parts` → kept (no rule selects it)" in back.out


def test_a_budget_that_is_too_small_is_no_answer(place: Place) -> None:
    """What is not known is not called safe."""
    _version(place, "more", MORE)
    answer = place.rules("diff", "more", "policies", "--budget", "3")
    assert answer.code == 8
    assert answer.out.startswith("It is not known whether something can be removed that could not be removed before\n")
    assert "There may be more: not known after 3 states" in answer.out


def test_a_protection_that_is_gone_is_found(place: Place, repository: Repository) -> None:
    """To take a keep rule away is to remove more."""
    place.write("policies/cleanup.yaml", HEROES_GONE)
    answer = place.rules("diff", "main", "--root", "media")
    assert answer.code == 8
    assert "`hero/temp_3` (2 B): never → now" in answer.out
    assert "- `heroes` keeps all files" in answer.out


def test_two_revisions_are_compared_without_a_folder(place: Place, repository: Repository) -> None:
    """What lies there now does not count."""
    place.write("policies/cleanup.yaml", MORE)
    repository.commit()
    place.write("policies/cleanup.yaml", "nonsense")
    answer = place.rules("diff", "main~1", "main", "--root", "media")
    assert answer.code == 8
    assert "film.mkv" in answer.out


def test_the_document_says_the_same(place: Place) -> None:
    """For other programs."""
    _version(place, "more", MORE.replace("files: 100", "files: 200"))
    document = place.rules("diff", "policies", "more", "--root", "media", "--format", "json").document
    assert (document["kind"], document["old"], document["new"]) == ("diff", "policies", "more")
    assert document["removes_more"] is True
    (change,) = document["changes"]
    assert (change["part"], change["name"], change["place"]) == ("rule", "parts", "more/cleanup.yaml:8")
    (group,) = document["tree"]["groups"]
    assert group["effect"] == "goes"
    assert group["before"] is None
    assert group["after"] == {"action": "trash", "rules": ["parts"]}
    assert (group["files"], group["bytes"]) == (1, 1)
    assert group["examples"][0]["path"] == "film.mkv"
    assert group["examples"][0]["before"] is None


def test_the_markdown_is_a_comment_on_a_pull_request(place: Place) -> None:
    """The answer is its heading."""
    _version(place, "more", MORE)
    answer = place.rules("diff", "policies", "more", "--root", "media", "--format", "markdown")
    assert answer.code == 8
    assert answer.out.startswith(
        "### Something can be removed that could not be removed before\n\n`policies` → `more`\n"
    )
    assert "- kept → trashed by `parts`: 1 file, 1 B; 1 file, 1 B of them now\n" in answer.out
    assert "````diff\n- `parts` moves to the trash" in answer.out


def test_both_versions_are_checked(place: Place) -> None:
    """Exit 4, with the findings of both."""
    _version(place, "old", CLEANUP.replace("action: keep", "action: kepp"))
    _version(place, "new", CLEANUP.replace("action: trash", "action: trsh"))
    answer = place.rules("diff", "old", "new")
    assert (answer.code, answer.out) == (4, "")
    assert "old/cleanup.yaml:14:" in answer.err
    assert "new/cleanup.yaml:11:" in answer.err


def test_findings_in_a_revision_name_it(place: Place, repository: Repository) -> None:
    """The line is one of the committed text."""
    place.write("policies/cleanup.yaml", CLEANUP.replace("action: keep", "action: kepp"))
    repository.commit()
    place.write("policies/cleanup.yaml", CLEANUP)
    answer = place.rules("diff", "main")
    assert answer.code == 4
    assert answer.err.startswith("main:policies/cleanup.yaml:14:13: error[")


def test_a_revision_that_is_not_there_is_a_usage_error(place: Place, repository: Repository) -> None:
    """It says where it looked, and how to get one."""
    answer = place.rules("diff", "mian")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "error: the policies of revision `mian` cannot be read: it is no folder, and no commit in the repository of "
        "`policies`\n  help: name a branch, a tag or a commit; a clone that lacks it gets it by "
        "`git fetch origin mian`\n"
    )


def test_a_root_that_is_none_is_refused(place: Place, tmp_path: Path) -> None:
    """A tree that is not there must not look like one in which nothing changes."""
    _version(place, "more", MORE)
    answer = place.rules("diff", "policies", "more", "--root", "nowhere")
    assert answer.code == 6
    assert "nowhere" in answer.err
