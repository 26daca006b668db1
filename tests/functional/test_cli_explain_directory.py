"""`rules explain DIR`: why a folder stays, what of it goes, and when."""

import pytest
from cliplace import LAYOUT, SETTINGS, Place

RULES = """\
version: 1
kind: cleanup
rules:
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
  - {name: later, files: {match: ["*.later"], tracked: false}, after: 7d, action: trash}
  - {name: heroes, files: {match: ["/hero/"]}, action: keep}
  - {name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 0s, action: trash}
  - {name: empties, directories: {match: ["/old/**/"], empty: true}, after: 0s, action: delete}
"""


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A root with a bit of everything."""
    found = Place(tmp_path_factory.mktemp("place"))
    for name, text in (("cleanup", RULES), ("settings", SETTINGS), ("clip", LAYOUT)):
        found.write(f"policies/{name}.yaml", text)
    found.media.mkdir()
    assert found.rules("init", "--root", "media").code == 0
    return found


def explained(place: Place, path: str) -> list[str]:
    """What is said of one path, without the moment."""
    answer = place.rules("explain", path)
    assert answer.code == 0, answer.err
    return answer.out.splitlines()[2:]


def test_a_directory_says_what_becomes_of_its_files_and_when(place: Place) -> None:
    """Sums by reason with the first paths, and what falls due next."""
    for name in ("temp_1", "temp_2", "sub/x.later", "sub/stays.txt"):
        place.write(f"media/in/{name}")
    lines = explained(place, "in")
    assert lines[0] == "in"
    assert lines[1] == "  STAYS: 2 files in it stay, such as `in/sub/stays.txt`: no rule selects it"
    assert "  goes, delete by `temps`: in/temp_1, in/temp_2" in lines
    assert "  stays, no rule selects it: in/sub/stays.txt" in lines
    assert any(line.startswith("  due at ") and line.endswith(": 1 file, rule `later`") for line in lines)
    document = place.rules("explain", "in", "--format", "json").document
    found = document["paths"][0]
    assert (found["path"], found["decision"], found["goes"]) == ("in", "directory", None)
    sums = {one["decision"]: (one["files"], one["bytes"], one["first"]) for one in found["files"]}
    assert sums == {
        "goes": (2, 2, ["in/temp_1", "in/temp_2"]),
        "not due": (1, 1, ["in/sub/x.later"]),
        "stays": (1, 1, ["in/sub/stays.txt"]),
    }
    assert [one["files"] for one in found["due"]] == [1]


def test_a_directory_that_goes_whole_says_by_which_rule(place: Place) -> None:
    """One below it goes with it; one that stays names what keeps it."""
    place.write("media/cache/a/sub/f")
    place.write("media/cache/b/sub/f")
    assert place.rules("pin", "media/cache/b/sub/f").code == 0
    assert explained(place, "cache/a")[1:3] == [
        "  GOES whole: trash by `caches`",
        "  rule `caches` takes it whole, or leaves it",
    ]
    assert explained(place, "cache/a/sub")[1] == "  GOES with all of `cache/a`: trash by `caches`"
    lines = explained(place, "cache/b")
    assert lines[1].startswith("  STAYS: `cache/b/sub/f` is pinned")
    assert "  rule `caches` takes it whole, or leaves it" in lines


def test_an_empty_directory_says_which_rule_takes_it_and_what_keeps_it(place: Place) -> None:
    """With a file in it, that file is what keeps it."""
    (place.media / "old/a/b").mkdir(parents=True)
    assert explained(place, "old/a/b")[1:] == [
        "  GOES once it is empty: by `empties`",
        "  rule `empties` takes it once it is empty",
        "  no file lies in it",
    ]
    place.write("media/old/a/b/f")
    assert explained(place, "old/a/b")[1] == "  STAYS: 1 file in it stays: no rule selects it"


def test_a_directory_of_jobs_names_them(place: Place) -> None:
    """Whose workspace it is, lies in, or holds; of many the first three."""
    for number in range(5):
        assert place.rules("job", "start", "clip", "--id", f"j{number}").code == 0
    assert "  it is the workspace of job `j0` (running)" in explained(place, "scratch/j0")
    assert "  it lies in the workspace of job `j0` (running)" in explained(place, "scratch/j0/temp")
    holds = "  it holds the workspace of job `j0` (running), `j1` (running), `j2` (running) and 2 others"
    assert holds in explained(place, "scratch")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("hero", "1 file in it stays: rule `heroes` keeps it"),
        (".rules", "it is part of the state of rules-engine"),
        ("nested", "nothing in it is looked at: `nested`: it is another root"),
        ("bare", "no rule about directories takes it"),
    ],
)
def test_what_keeps_a_directory_is_said_first(place: Place, path: str, why: str) -> None:
    """A keep rule on its files, the tool's own state, another root; or that nothing takes it."""
    place.write("media/hero/temp_1")
    place.write("media/nested/.rules/root.json", "{}")
    (place.media / "bare").mkdir()
    assert explained(place, path)[1] == f"  STAYS: {why}"


def test_a_directory_on_its_own_keeps_what_a_plan_says_of_it(place: Place) -> None:
    """Pins and keep markers above it are seen, though only the directory itself is walked."""
    place.write("media/up/.rules-keep")
    place.write("media/up/in/temp_1")
    assert explained(place, "up/in")[1] == "  STAYS: `up` has the keep marker `.rules-keep`"
