"""Two versions of policies: each change that a reviewer must see, in words that say neither more nor less."""

from collections.abc import Iterable

import pytest

from rules_engine.analysis.changed import Changed
from rules_engine.analysis.compare import Comparison, compare
from rules_engine.analysis.effects import Effect
from rules_engine.policy.budget import Budget
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.report.diff_words import difference_line, witness_line

LAYOUT = """
version: 1
kind: layout
job_type: TYPE
parameters: {series: {default: none}}
workspace: "scratch/{job_id}"
output: "out/{series}/{job_id}"
directories:
  temp: {in: workspace}
  clips: {in: workspace, holds: [temp_video, temp_audio]}
  videos: {in: output, holds: [final_video]}
"""
SETTINGS = "version: 1\nkind: settings\ncleanup: {enabled: true, retention: 24h, preserve_on_failure: 7d}\n"
VIDEOS = 'name: videos, jobs: {status: failed}, files: {match: ["**/videos/*.mkv"]}, after: 7d, action: delete'
CLIPS = "name: clips, files: {in: workspace}, after: {completed: 2d, failed: 9d}, action: delete"
STRAYS = 'name: strays, files: {match: ["*.part"], tracked: false}, after: 7d, action: trash'
HEROES = 'name: heroes, files: {match: ["/hero/"]}, action: keep'


def _policies(*rules: str, types: Iterable[str] = ("clip",), settings: str = SETTINGS) -> PolicySet:
    listed = "".join(f"  - {{{rule}}}\n" for rule in rules)
    files = {"settings.yaml": settings, **{f"{name}.yaml": LAYOUT.replace("TYPE", name) for name in types}}
    if len(files) > 2:
        # Two layouts may not share a directory.
        files = {
            name: text.replace("scratch/", f"{name[0]}/").replace("out/", f"{name[0]}o/")
            for name, text in files.items()
        }
    if rules:
        files["cleanup.yaml"] = f"version: 1\nkind: cleanup\nrules:\n{listed}"
    return load_texts(files)


def _compare(old: PolicySet, new: PolicySet) -> Comparison:
    return compare(old, new, Budget(100_000))


def _lines(found: Comparison) -> list[str]:
    return [f"{one.effect}: {difference_line(one)}" for one in found.differences]


def test_a_rule_that_takes_what_stayed_is_said_with_its_pattern_and_jobs() -> None:
    """The sentence that this is for."""
    rule = VIDEOS.replace("jobs: {status: failed}", "jobs: {status: failed}, deliverables: true")
    found = _compare(_policies(), _policies(rule))
    line = "`**/videos/*.mkv`, deliverables of failed jobs: kept (no rule selects it) → deleted after 7d by `videos`"
    assert f"goes: {line}" in _lines(found)
    assert found.removes_more
    one = next(one for one in found.differences if one.effect is Effect.GOES)
    assert witness_line(one).startswith("such as `")
    assert one.path.endswith("/videos/.mkv") or one.path.endswith("videos/.mkv")


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        (STRAYS, STRAYS.replace("7d", "1d"), Effect.SOONER),
        (STRAYS, STRAYS.replace("7d", "9d"), Effect.LATER),
        (STRAYS, STRAYS.replace("trash", "delete"), Effect.FOR_GOOD),
        (STRAYS.replace("trash", "delete"), STRAYS, Effect.SET_ASIDE),
        (STRAYS, f"{STRAYS}, report_only: true", Effect.STAYS),
        (f"{STRAYS}, report_only: true", STRAYS, Effect.GOES),
    ],
)
def test_each_effect_is_told_from_the_others(old: str, new: str, effect: Effect) -> None:
    """Only what goes, or goes sooner, is more that can be removed."""
    found = _compare(_policies(old), _policies(new))
    assert [one.effect for one in found.differences] == [effect]
    assert found.removes_more is (effect in {Effect.GOES, Effect.SOONER})


def test_one_status_of_a_rule_is_named_alone() -> None:
    """The other ends as it did."""
    found = _compare(_policies(CLIPS), _policies(CLIPS.replace("9d", "20d")))
    (line,) = _lines(found)
    assert line == (
        "later: temporary files in the workspace of failed jobs: deleted after 9d by `clips` → "
        "deleted after 20d by `clips`"
    )


def test_types_are_named_where_rules_tell_them_apart() -> None:
    """Those that a rule takes in or leaves out, and none that only stands for others."""
    audio = CLIPS.replace("in: workspace", "in: workspace, type: temp_audio")
    found = _compare(_policies(audio, types=("clip", "disc")), _policies(CLIPS, types=("clip", "disc")))
    assert all("of no type `temp_audio` in the workspace of" in line for line in _lines(found))
    short = CLIPS.replace("name: clips", "name: clips, jobs: {type: clip}")
    found = _compare(_policies(types=("clip", "disc")), _policies(short, types=("clip", "disc")))
    assert all("of completed `clip` jobs" in line or "of failed `clip` jobs" in line for line in _lines(found))
    named = _compare(
        _policies(CLIPS), _policies(CLIPS, audio.replace("name: clips", "name: audio").replace("9d", "30d"))
    )
    assert any(
        line.startswith("later: temporary files of type `temp_audio` in the workspace") for line in _lines(named)
    )


def test_a_keep_rule_that_is_gone_lets_go_what_it_kept() -> None:
    """Its pattern is what is named."""
    found = _compare(_policies(STRAYS, HEROES), _policies(STRAYS))
    assert (
        "goes: `/hero/`, files that no job owns: kept (rule `heroes` keeps it) → trashed after 7d by `strays`"
        in _lines(found)
    )


def test_a_keep_rule_that_lets_go_sooner_is_named_as_what_held() -> None:
    """The removal by itself is as it was."""
    old, new = (f"{HEROES}, for: {wait}" for wait in ("30d", "20d"))
    lines = _lines(_compare(_policies(STRAYS, old), _policies(STRAYS, new)))
    assert (
        "sooner: `/hero/`, files that no job owns: trashed after 30d by `strays`, kept until then by `heroes` → "
        "trashed after 20d by `strays`, kept until then by `heroes`"
    ) in lines


def test_the_patterns_of_two_rules_select_a_file_together() -> None:
    """Of one rule any of them does."""
    old = _policies(STRAYS, f"{HEROES}, for: 30d")
    new = _policies(STRAYS.replace('["*.part"]', '["*.part", "*.tmp", "*.bak"]'), f"{HEROES}, for: 20d")
    lines = _lines(_compare(old, new))
    assert any(line.startswith("goes: `*.tmp` or `*.bak`, files") for line in lines)
    assert any(line.startswith("goes: `/hero/` and (`*.tmp` or `*.bak`), files") for line in lines)


def test_a_rule_that_others_hide_is_seen_through_them() -> None:
    """A rule with `otherwise` acts where no other does, so that taking one away can let it act."""
    rest = 'name: rest, files: {match: ["/scratch/"], tracked: any}, otherwise: true, after: 1d, action: delete'
    slow = 'name: slow, files: {match: ["/scratch/**"], tracked: false}, after: 90d, action: delete'
    found = _compare(_policies(rest, slow), _policies(rest))
    assert [one.effect for one in found.differences] == [Effect.SOONER]


def test_a_rule_with_other_words_and_the_same_effect_changes_nothing() -> None:
    """A rename, for example."""
    found = _compare(_policies(STRAYS), _policies(STRAYS.replace("strays", "others")))
    assert (found.differences, found.removes_more) == ((), False)
    assert found.kinds > 0


def test_settings_say_what_becomes_of_files_that_no_rule_selects() -> None:
    """Retention, the shield of failed jobs, the switch."""
    sooner = _compare(_policies(), _policies(settings=SETTINGS.replace("24h", "12h")))
    (line,) = _lines(sooner)
    assert line == (
        "sooner: temporary files of completed jobs: deleted after 1d by `settings.cleanup` → "
        "deleted after 12h by `settings.cleanup`"
    )
    shield = _compare(_policies(), _policies(settings=SETTINGS.replace("7d", "3d")))
    assert [one.effect for one in shield.differences] == [Effect.SOONER]
    off = SETTINGS.replace("enabled: true", "enabled: false")
    assert {one.effect for one in _compare(_policies(STRAYS, settings=off), _policies(STRAYS)).differences} == {
        Effect.GOES
    }
    trash = _compare(_policies(), _policies(settings=f"{SETTINGS}trash: {{keep: 1d}}\n"))
    assert (trash.kinds, trash.removes_more) == (0, False)


def test_a_keep_marker_that_is_gone_protects_no_more() -> None:
    """Where such markers are, no policy says."""
    marked = f"{SETTINGS}keep_markers: [.rules-keep, .hold]\n"
    found = _compare(_policies(settings=marked), _policies())
    assert (found.markers, found.removes_more) == ((".hold",), True)
    assert not _compare(_policies(), _policies(settings=marked)).removes_more


def test_a_layout_that_comes_opens_the_files_of_its_jobs() -> None:
    """Without one they are out of reach."""
    found = _compare(_policies(types=("clip", "disc", "tape")), _policies(types=("clip", "disc", "tape", "wire")))
    assert found.removes_more
    assert all("`wire` jobs" in difference_line(one) for one in found.differences)
    assert all("no layout" in one.before.why for one in found.differences)


def test_a_layout_that_changes_is_looked_at_with_any_two_rules() -> None:
    """A type that moves from the output to the workspace becomes temporary."""
    moved = LAYOUT.replace("TYPE", "clip").replace(
        "holds: [temp_video, temp_audio]", "holds: [temp_video, temp_audio, final_video]"
    )
    moved = moved.replace("videos: {in: output, holds: [final_video]}", "videos: {in: output}")
    rules = f"version: 1\nkind: cleanup\nrules:\n  - {{{HEROES}}}\n  - {{{STRAYS}}}\n"
    texts = {"settings.yaml": SETTINGS, "cleanup.yaml": rules}
    old = load_texts({**texts, "clip.yaml": LAYOUT.replace("TYPE", "clip")})
    new = load_texts({**texts, "clip.yaml": moved})
    found = _compare(old, new)
    assert {one.effect for one in found.differences} == {Effect.GOES}
    assert any("of type `final_video`" in difference_line(one) for one in found.differences)
    assert {frozenset({"heroes", "strays"})} <= {one.rules for one in Changed(old, new).together()}


def test_a_rule_about_whole_directories_takes_the_files_in_them() -> None:
    """As early as it can; what else lies in one could only hold it back."""
    whole = 'name: whole, unit: directory, files: {match: ["/cache/*/"], tracked: false}, after: 3d, action: delete'
    found = _compare(_policies(), _policies(whole))
    assert [one.effect for one in found.differences] == [Effect.GOES]
    assert difference_line(found.differences[0]) == (
        "`/cache/*/`, files that no job owns: kept (no rule selects it) → "
        "deleted after 3d by `whole` with its directory"
    )
    assert [one.effect for one in _compare(_policies(whole), _policies()).differences] == [Effect.STAYS]


def test_what_went_with_its_directory_alone_may_go_by_the_settings_where_that_is_held_back() -> None:
    """The file of another job in a workspace keeps it whole; without the rule the settings take the rest."""
    whole = "name: whole, unit: workspace, deliverables: true, after: 1d, action: delete"
    found = _compare(_policies(whole), _policies())
    assert found.removes_more
    assert (
        "goes: temporary files in the workspace of completed jobs: kept (no rule selects it) "
        "where something else holds its directory back → deleted after 1d by `settings.cleanup`"
    ) in _lines(found)
    # The other way round less can go, where a directory is held back.
    assert Effect.STAYS not in {one.effect for one in _compare(_policies(), _policies(whole)).differences}


def test_another_clock_is_told_with_the_time_that_it_reads() -> None:
    """A copy keeps its mtime and has a new ctime."""
    found = _compare(_policies(STRAYS), _policies(f"{STRAYS}, since: written"))
    assert [one.effect for one in found.differences] == [Effect.SOONER]
    assert witness_line(found.differences[0]) == "such as `.part`, a file that no job owns, counted from its ctime"


def test_a_budget_that_is_spent_leaves_the_rest_unknown() -> None:
    """What was found before is true all the same."""
    found = compare(_policies(), _policies(STRAYS), Budget(2))
    assert (found.unknown, found.surely_removes_more, found.removes_more) == ("not known after 2 states", False, True)


def test_rules_that_never_meet_are_not_looked_at_together() -> None:
    """So that the cost follows what a change can concern."""
    far = 'name: far, files: {match: ["/far/*.part"], tracked: false}, after: 7d, action: trash'
    near = 'name: near, files: {match: ["/near/*.part"], tracked: false}, after: 7d, action: trash'
    pairs = {one.rules for one in Changed(_policies(far, near), _policies(far, near.replace("7d", "1d"))).together()}
    assert pairs == {frozenset({"near"})}
