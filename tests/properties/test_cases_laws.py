"""The law of policy tests: what is decided can be written down and passes; nothing less and nothing else does."""

import json
from typing import Any

from casetexts import HEROES, SCRATCH, STRAYS, tried
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from rules_engine.cases.comparing import CaseResult
from rules_engine.cases.model import Fate
from rules_engine.cases.moments import format_moment
from rules_engine.cases.running import Became
from rules_engine.values.quantities import instant_from

WHOLE = "{name: whole, jobs: {type: clip}, unit: workspace, after: 3d, action: trash}"
FOLDERS = "{name: folders, files: {match: ['/renders/*/']}, unit: directory, after: 7d, action: trash}"
AGAIN = "{name: again, files: {match: ['*.part', '*.log'], tracked: false}, after: 2d, action: delete}"
FILMS = "{name: films, files: {type: final_video}, deliverables: true, after: 5d, action: trash}"
RULES = (STRAYS, HEROES, SCRATCH, WHOLE, FOLDERS, AGAIN, FILMS)

LAW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
AGES = st.integers(0, 20 * 24).map(lambda hours: f"{hours}h ago")
PATHS = st.builds(
    "{}/{}".format,
    st.sampled_from(["scratch/a", "scratch/b/temp", "out/none", "renders/x", "renders/hero", "misc"]),
    st.sampled_from(["1.part", "2.log", "film.mkv", "hero/3.part"]),
)
JOBS = st.fixed_dictionaries(
    {"type": st.just("clip"), "status": st.sampled_from(["completed", "failed"]), "ended": AGES}
)


@st.composite
def scenes(draw: st.DrawFn) -> str:
    """The text of a scene: two jobs, files of theirs and of nobody, some of them declared."""
    files: dict[str, Any] = {path: {"changed": draw(AGES)} for path in draw(st.sets(PATHS, min_size=1, max_size=6))}
    for path, said in files.items():
        if path.endswith(".mkv"):
            said |= {"type": "final_video", "job": draw(st.sampled_from(["a", "b", ["a", "b"]]))}
    return f"jobs: {json.dumps({'a': draw(JOBS), 'b': draw(JOBS)})}\nfiles: {json.dumps(files)}"


def written(result: CaseResult) -> dict[str, dict[str, Any]]:
    """Everything that was decided in a case, as its `expect` would say it."""
    now = instant_from(result.case.scene.now)
    found: dict[str, dict[str, Any]] = {}
    for path, one in result.ran.files.items():
        found.setdefault(one.fate.value, {})[path] = _value(one, now)
    return found


def _value(one: Became, now: Any) -> Any:
    if one.fate is Fate.DUE and one.until is not None:
        return {"at": format_moment(one.until, now), "waits_for": one.waits_for}
    by_a_rule = one.because is None or one.because.value == "keep_rule"
    return list(one.rules) if by_a_rule or one.because is None else one.because.value


def expecting(scene: str, expect: dict[str, dict[str, Any]]) -> CaseResult:
    """The same scene with that expectation."""
    return tried(f"{scene}\nexpect: {json.dumps({fate: paths for fate, paths in expect.items() if paths})}", *RULES)


@LAW
@given(scenes(), st.data())
def test_what_is_decided_passes_as_an_expectation_and_nothing_else_does(scene: str, data: st.DataObject) -> None:
    """Written down it passes; one path with another fate fails, and so does one that goes and is left out."""
    expect = written(tried(f"{scene}\nexpect: {{}}", *RULES))
    assert expecting(scene, expect).differences == ()
    fate, path = data.draw(st.sampled_from([(fate, path) for fate, paths in expect.items() for path in paths]))
    event(fate)
    less = {one: {name: said for name, said in paths.items() if name != path} for one, paths in expect.items()}
    missed = {one.path for one in expecting(scene, less).differences}
    assert bool(missed) == (fate in {"delete", "trash"})
    assert all(path == one or path.startswith(f"{one}/") for one in missed)
    other = data.draw(st.sampled_from(sorted({"delete", "trash", "kept", "due"} - {fate})))
    wrong = {**less, other: [*less.get(other, ()), path]}
    assert path in {one.path for one in expecting(scene, wrong).differences}
