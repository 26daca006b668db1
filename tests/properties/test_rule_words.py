"""Any words together in one rule are either a rule that can be said in English, or findings that say what to write."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from rules_engine.policy.lint import lint
from rules_engine.policy.load import check_texts
from rules_engine.policy.model import Action, Rule, Tracked, Unit
from rules_engine.policy.sentences import sentence

LAYOUT = """\
version: 1
kind: layout
job_type: cut
parameters: {series: {default: x}}
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories: {temp: {in: workspace, holds: [temp_video]}, videos: {in: output, holds: [final_video]}}
"""
SETTINGS = "version: 1\nkind: settings\ncleanup: {preserve_on_failure: 1h}\n"


PATTERNS = ['"/a/"', '["/a/*/"]', '"/b/"', '["/a/*/", "!/a/b"]', '"/a/**"', '["**/"]']
MATCH = st.sampled_from(PATTERNS).map("match: {}".format)
EXCEPT = st.sampled_from(PATTERNS).map("except: {}".format)
RANKS = ("newest: 5", "newest: 1, per: series", "beyond_newest: 5", "beyond_newest: 1, per: [series]", "per: series")
JOBS = ("type: cut", "status: failed", "parameters: {series: x}", *RANKS)
FILES = ("type: temp_video", "in: workspace", "tracked: true", "tracked: false", "tracked: any")


def a_map(first: st.SearchStrategy[str], *others: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A map of the first entry and some of the others."""
    return st.tuples(first, *(st.just("") | st.just("") | one for one in others)).map(
        lambda entries: "{" + ", ".join(one for one in entries if one) + "}"
    )


@st.composite
def rules(draw: st.DrawFn) -> str:
    """The text of a rule; many of them mean something."""
    action = draw(st.sampled_from(["keep", "trash", "delete", "delete"]))
    parts = ["name: r", f"action: {action}"]
    kind = draw(st.sampled_from(["files", "workspace", "directory", "directories", "any"]))
    if kind in {"files", "workspace", "any"} and draw(st.booleans()):
        parts.append(f"jobs: {draw(a_map(st.sampled_from(JOBS), st.sampled_from(RANKS)))}")
    if kind in {"files", "directory", "any"}:
        parts.append(f"files: {draw(a_map(MATCH, EXCEPT, st.sampled_from(FILES)))}")
    if kind in {"workspace", "directory", "any"}:
        parts.append(f"unit: {'workspace' if kind == 'any' else kind}")
    if kind in {"directories", "any"}:
        parts.append(f"directories: {draw(a_map(MATCH.map('{}, empty: true'.format), EXCEPT))}")
    if draw(st.integers(0, 9)) == 9 or action != "keep":
        parts.append(f"after: {draw(st.sampled_from(['7d', '7d', '7d', '{completed: 7d, failed: 8d}']))}")
    words = ("deliverables: true", "otherwise: true", "report_only: true", "since: changed", "for: 3d")
    parts += [word for word in words if draw(st.integers(0, 11)) == 11]
    return "{" + ", ".join(parts) + "}"


def meaning(rule: Rule) -> None:
    """What holds of every rule that was accepted."""
    assert (rule.after is None) == (rule.action is Action.KEEP)
    assert rule.jobs.newest is None or rule.jobs.beyond_newest is None
    assert not rule.jobs.per or rule.jobs.ranks
    assert rule.jobs.newest is None or rule.action is Action.KEEP
    assert rule.jobs.beyond_newest is None or rule.is_removal
    if rule.jobs.ranks:
        assert rule.files.tracked is Tracked.TRACKED
    if not rule.decides_files:
        assert rule.is_removal
        assert not rule.otherwise
        assert rule.since is None
        assert rule.unit is None or rule.directories is None
    if rule.directories is not None:
        assert rule.action is Action.DELETE
        assert not rule.deliverables
    if rule.unit is Unit.WORKSPACE:
        assert rule.files.match is None
    patterns = rule.directories.match if rule.directories is not None else rule.files.match
    if patterns is not None and not rule.decides_files:
        assert all(line.only_directories for line in patterns.lines if not line.negated)


@settings(max_examples=400)
@given(rules())
def test_words_in_a_rule_mean_something_or_are_explained(text: str) -> None:
    """No combination is passed over: it is a rule with its sentence, or errors of which each has a place and a help."""
    cleanup = f"version: 1\nkind: cleanup\nrules:\n  - {text}\n"
    checked = check_texts({"p/a.yaml": LAYOUT, "p/c.yaml": cleanup, "p/s.yaml": SETTINGS})
    if checked.policies is None:
        assert checked.diagnostics
        assert all(one.span is not None and one.help_text for one in checked.diagnostics)
        return
    rule = checked.policies.rules[0]
    event(f"accepted: {rule.unit or ('directories' if rule.directories else 'files')}, ranks {rule.jobs.ranks}")
    meaning(rule)
    said = sentence(rule)
    assert said.startswith("`r` ")
    assert said.endswith(".")
    assert all(one.span is not None for one in lint(checked.policies, checked.sources))
