"""`rules check --settings`: every setting with its value and origin, over several folders; run as a process."""

from cliplace import Place

FIRST = """\
version: 1
kind: settings
root: media
cleanup:
  retention: 24h
limits: {files: 100}
"""
SECOND = "version: 1\nkind: settings\ncleanup: {retention: 12h}\nkeep_markers: [a, b]\n"
FOLDERS = ("--policies", "first", "--policies", "second")


def make_folders(place: Place) -> None:
    """Two folders of which the second overrules one key of the first."""
    place.write("first/settings.yaml", FIRST)
    place.write("second/settings.yaml", SECOND)


def columns(out: str) -> dict[str, list[str]]:
    """By setting, its value and its origin."""
    lines = [line.split(maxsplit=2) for line in out.splitlines() if line.startswith("  ")]
    return {key: rest for key, *rest in lines}


def test_each_setting_is_shown_with_its_value_and_origin(place: Place) -> None:
    """A count first, then file and line, a variable, or `default`; then what is said of every check."""
    make_folders(place)
    answer = place.process("check", *FOLDERS, "--settings", environment={"RULES_DEBUG": "1"})
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "21 settings: 4 set in policies, 1 by the environment, 16 left at the default"
    assert lines[-2:] == ["", "2 policies with 0 layouts, 0 rules: 0 errors, 0 warnings"]
    shown = columns(answer.out)
    assert len(shown) == 21
    assert shown["root"] == [f"{place.path}/media", "first/settings.yaml:3"]
    assert shown["debug"] == ["true", "RULES_DEBUG"]
    assert shown["cleanup.retention"] == ["12h", "second/settings.yaml:3; first/settings.yaml:5 said 24h"]
    assert shown["limits.files"] == ["100", "first/settings.yaml:6"]
    assert shown["trash.keep"] == ["7d", "default"]
    assert "  keep_markers                 [a, b]" in answer.out


def test_the_order_of_the_folders_decides(place: Place) -> None:
    """The last one wins, and the environment over both."""
    make_folders(place)
    turned = ("--policies", "second", "--policies", "first")
    answer = place.rules("check", *turned, "--settings", environment={"RULES_CLEANUP_RETENTION": "3h"})
    said = "RULES_CLEANUP_RETENTION; second/settings.yaml:3 said 12h; first/settings.yaml:5 said 24h"
    assert columns(answer.out)["cleanup.retention"] == ["3h", said]


def test_the_document_has_every_setting(place: Place) -> None:
    """With its place or variable, whether it is a default, and what it overruled."""
    make_folders(place)
    environment = {"RULES_DEBUG": "yes"}
    document = place.rules("check", *FOLDERS, "--format", "json", environment=environment).document
    found = {one["key"]: one for one in document["settings"]}
    assert document["files"] == ["first/settings.yaml", "second/settings.yaml"]
    place_of = {"line": 3, "column": 11, "end_line": 3, "end_column": 25}
    assert found["cleanup.retention"] == {
        "key": "cleanup.retention",
        "value": "12h",
        "default": False,
        "variable": None,
        "place": {"file": "second/settings.yaml", **place_of},
        "overruled": [
            {
                "value": "24h",
                "variable": None,
                "place": {"file": "first/settings.yaml", "line": 5, "column": 3, "end_line": 5, "end_column": 17},
            }
        ],
    }
    assert (found["debug"]["variable"], found["debug"]["place"]) == ("RULES_DEBUG", None)
    assert found["trash.keep"]["default"]


def test_policies_with_an_error_have_no_settings(place: Place) -> None:
    """Exit 4 and the errors: a value that might not hold is not shown."""
    place.write("policies/settings.yaml", "version: 1\nkind: settings\ndebug: maybe\n")
    answer = place.rules("check", "--settings")
    assert answer.code == 4
    assert "settings:" not in answer.out.splitlines()[0]
    assert place.rules("check", "--format", "json").document["settings"] == []


def test_the_rules_of_several_folders_hold_together(place: Place) -> None:
    """A keep rule in a second folder protects from a removal in the first."""
    place.write(
        "mine/keep.yaml", 'version: 1\nkind: cleanup\nrules: [{name: mine, files: {match: "/a/"}, action: keep}]\n'
    )
    alone = place.rules("plan", "--format", "json").document
    both = place.rules("plan", "--policies", "policies", "--policies", "mine", "--format", "json").document
    assert {step["path"] for step in alone["steps"]} - {step["path"] for step in both["steps"]} == {
        "a/temp_1",
        "a/temp_2",
        "a/film.part",
    }
