"""Layouts: every key, templates that can nest, and which collisions are none."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.policy.load import check_texts, load_texts
from rules_engine.policy.model import Layout
from rules_engine.policy.overlaps import may_nest
from rules_engine.policy.sources import is_policy
from rules_engine.policy.templates import parse_template
from rules_engine.values.paths import RelPath, is_at_or_below
from rules_engine.values.vocabulary import FileType, JobType, Place

LAYOUT = """
version: 1
kind: layout
job_type: clips
parameters: {series: {default: _unsorted}, episode: {default: "{job_id}"}, season: {default: 1}, language: {}}
workspace: "scratch/{job_id}"
output: "output/{series}/{episode}"
status: "jobs/{status}/{job_id}"
directories:
  slides: {in: workspace, holds: [temp_slide, temp_audio], mode: "700"}
  temp:   {in: workspace}
  shorts: {in: output, path: videos/short, holds: [final_video]}
names: {final_video: "{series}.{episode}_{index:03d}{suffix}"}
aliases: {"old/{language}/shorts": shorts, "old/{language}/a": shorts}
modes: {directories: "2775", files: "664"}
critical: true
"""


def _layout() -> Layout:
    return load_texts({"layout.yaml": LAYOUT}).layouts[JobType("clips")]


def test_every_key_of_a_layout_arrives() -> None:
    """A layout that says everything is loaded with everything."""
    layout = _layout()
    assert layout.parameters == (("series", "_unsorted"), ("episode", "{job_id}"), ("season", "1"), ("language", None))
    assert layout.status is not None
    templates = (layout.workspace.text, layout.output.text, layout.status.text)
    assert templates == ("scratch/{job_id}", "output/{series}/{episode}", "jobs/{status}/{job_id}")
    found = [(one.key, one.place, one.name, one.holds, one.mode) for one in layout.directories]
    assert found == [
        ("slides", Place.WORKSPACE, "slides", (FileType.TEMP_AUDIO, FileType.TEMP_SLIDE), 0o700),
        ("temp", Place.WORKSPACE, "temp", (), 0o2775),
        ("shorts", Place.OUTPUT, "videos/short", (FileType.FINAL_VIDEO,), 0o2775),
    ]
    assert [(kind, name.text) for kind, name in layout.names] == [
        (FileType.FINAL_VIDEO, "{series}.{episode}_{index:03d}{suffix}")
    ]
    assert [(one.path.text, one.directory) for one in layout.aliases] == [
        ("old/{language}/a", "shorts"),
        ("old/{language}/shorts", "shorts"),
    ]
    assert (layout.critical, layout.file_mode, str(layout.span)) == (True, 0o664, "layout.yaml:4:11")


def test_a_layout_that_says_little_has_no_modes_links_or_names() -> None:
    """What is not said is left to the umask, and nothing else is created."""
    text = "\n".join([*LAYOUT.splitlines()[:7], "directories: {temp: {in: workspace}}"])
    layout = load_texts({"layout.yaml": text}).layouts[JobType("clips")]
    assert (layout.status, layout.names, layout.aliases, layout.critical, layout.file_mode) == (
        None,
        (),
        (),
        False,
        None,
    )
    assert layout.directories[0].mode is None


def test_layouts_are_ordered_by_job_type_and_may_share_their_workspace() -> None:
    """Two types of job with one template never share a workspace, because the job id is in it."""
    other = LAYOUT.replace("job_type: clips", "job_type: and_another")
    checked = check_texts({"a.yaml": LAYOUT, "b.yaml": other})
    assert checked.diagnostics == ()
    assert checked.policies is not None
    assert list(checked.policies.layouts) == ["and_another", "clips"]


def test_the_output_of_one_layout_is_not_the_workspace_of_another() -> None:
    """The collision is found across layouts, and shows both."""
    other = LAYOUT.replace("job_type: clips", "job_type: other").replace("output/{series}", "scratch/{series}")
    found = check_texts({"a.yaml": LAYOUT, "b.yaml": other}).diagnostics
    assert [(one.code, str(one.span), str(one.related[0][0])) for one in found] == [
        ("P417", "a.yaml:6:12", "b.yaml:7:9"),
        ("P417", "b.yaml:6:12", "b.yaml:7:9"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "nests"),
    [
        ("scratch/{job_id}", "output/{series}", False),
        ("scratch/{job_id}", "scratch/{series}/x", True),
        ("scratch/{job_id}", "scratch", True),
        ("{job_id}", "output", True),
        ("tmp-{job_id}", "output/{series}", False),
        ("tmp-{job_id}", "{series}", True),
        ("w/{job_id}_a", "w/{series}_b", False),
        ("w/a_{job_id}", "w/b_{series}", False),
        ("w/{job_id}{series}", "w/x", True),
        ("a/{x}", "a/{x}", True),
    ],
)
def test_templates_nest_where_some_filling_does(first: str, second: str, nests: bool) -> None:
    """Fields are read as any name."""
    assert may_nest(parse_template(first), parse_template(second)) is nests
    assert may_nest(parse_template(second), parse_template(first)) is nests


TEMPLATE = st.lists(
    st.lists(st.sampled_from(["a", "b", "{x}", "{y}"]), min_size=1, max_size=3).map("".join), min_size=1, max_size=3
).map("/".join)
FILLINGS = ["a", "b", "ab", "ba", "aba"]


@settings(max_examples=150)
@given(TEMPLATE, TEMPLATE)
def test_templates_that_do_not_nest_never_make_paths_that_do(first: str, second: str) -> None:
    """Whatever a job is called, its workspace is not in the output of another."""
    one, two = parse_template(first), parse_template(second)
    if may_nest(one, two):
        return
    for x, y, u, v in product(FILLINGS, repeat=4):
        path, other = RelPath(one.fill({"x": x, "y": y})), RelPath(two.fill({"x": u, "y": v}))
        assert not is_at_or_below(path, other)
        assert not is_at_or_below(other, path)


def test_a_fault_in_a_layout_is_not_reported_again_by_the_rules_that_name_it() -> None:
    """One fault is one finding: the names of a faulty layout are known all the same."""
    rules = "version: 1\nkind: cleanup\nrules: [{name: a, jobs: {type: clips}, after: 1d, action: trash}]\n"
    broken = LAYOUT.replace("scratch/{job_id}", "scratch")
    found = check_texts({"l.yaml": broken, "c.yaml": rules}).diagnostics
    assert [one.code for one in found] == ["P411"]


def test_the_shipped_layouts_have_no_findings() -> None:
    """What is shipped loads."""
    folder = Path(__file__).parents[3] / "policies"
    texts = {one.name: one.read_text("utf-8") for one in sorted(folder.glob("*.yaml")) if is_policy(one.name)}
    assert check_texts(texts).diagnostics == ()
