"""Warnings about valid policies: each with its place, its message and its help."""

import pytest

from rules_engine.policy.lint import lint
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.diagnostics import Diagnostic, Severity

LAYOUT = """\
version: 1
kind: layout
job_type: cut
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories:
  temp: {in: workspace}
  clips: {in: workspace, holds: [temp_video]}
  videos: {in: output, holds: [final_video]}
names: {final_video: "final_{index:03d}{suffix}"}
"""
MIX = LAYOUT.replace("cut", "mix").replace("scratch/", "wip/").replace("output/", "mixed/")
SETTINGS = "version: 1\nkind: settings\nroot: media\ncleanup: {preserve_on_failure: 1h}\n"
HEAD = "version: 1\nkind: cleanup\nrules:\n"


def make_texts(*rules: str) -> dict[str, str]:
    """A policy folder with two layouts and these rules, one a line from line 4 on."""
    cleanup = HEAD + "".join(f"  - {rule}\n" for rule in rules)
    return {"/p/a.yaml": LAYOUT, "/p/b.yaml": MIX, "/p/c.yaml": cleanup, "/p/d.yaml": SETTINGS}


def warn(*rules: str) -> list[str]:
    """Each warning as line, column, code, message and help."""
    texts = make_texts(*rules)
    return [show(one) for one in lint(load_texts(texts, base="/"), texts)]


def show(one: Diagnostic) -> str:
    """A warning in one line."""
    assert one.severity is Severity.WARNING
    assert one.span is not None
    return f"{one.span.line}:{one.span.column} {one.code} {one.message} | {one.help_text}"


NARROW_IT = "narrow it by `match`, `in` or `type`"
STRAY = '{name: stray, files: {match: ["temp_*"], tracked: false}, after: 7d, action: trash}'


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{name: a, after: 7d, action: trash}", "selects every temporary file of every job type"),
        ("{name: a, files: {tracked: false}, after: 7d, action: trash}", "selects every file that no job owns"),
        (
            '{name: a, files: {match: ["**"], tracked: any}, after: 7d, action: trash}',
            "selects every file, also those that no job owns",
        ),
    ],
)
def test_a_removal_that_selects_everything_is_named(rule: str, expected: str) -> None:
    """The warning says how much everything is."""
    assert warn(rule) == [f"4:5 W501 rule `a` {expected} | {NARROW_IT}, or say `otherwise: true`"]


@pytest.mark.parametrize(
    "rule",
    [
        "{name: a, after: 7d, action: trash, otherwise: true}",
        "{name: a, jobs: {type: cut}, after: 7d, action: trash}",
        "{name: a, files: {in: workspace}, after: 7d, action: trash}",
        '{name: a, files: {match: ["**"], except: ["*.srt"]}, after: 7d, action: trash}',
        "{name: a, files: {larger_than: 1GB}, after: 7d, action: trash}",
        STRAY,
    ],
)
def test_a_removal_that_is_narrowed_in_any_way_is_not(rule: str) -> None:
    """One restriction is enough, and a catch-all with `otherwise` is what was asked for."""
    assert warn(rule) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{name: k, action: keep}", "a file"),
        ("{name: k, action: keep, for: 3d}", "a file before it is 3d old"),
        ("{name: k, files: {tracked: true}, action: keep}", "a file that a job owns"),
    ],
)
def test_a_keep_rule_that_keeps_everything_is_named(rule: str, expected: str) -> None:
    """Nothing would ever go."""
    message = f"rule `k` keeps everything: no rule ever removes {expected}"
    assert warn(STRAY, rule) == [f"5:5 W502 {message} | {NARROW_IT}"]


PROTECTS_NOTHING = (
    "5:5 W503 rule `k` protects nothing from the rules: none of them can select what it keeps"
    " | check what it selects; it still holds back `rules clean`"
)


@pytest.mark.parametrize(
    ("removal", "keep"),
    [
        (STRAY, "{name: k, files: {type: final_video}, action: keep}"),
        (
            "{name: r, files: {type: temp_video}, after: 7d, action: trash}",
            '{name: k, files: {match: ["a"], tracked: false}, action: keep}',
        ),
        (
            '{name: r, files: {match: ["/in/*"], tracked: false}, after: 7d, action: trash}',
            '{name: k, files: {match: ["/out/**"], tracked: false}, action: keep}',
        ),
        (
            "{name: r, files: {larger_than: 1GB, tracked: false}, after: 7d, action: trash}",
            "{name: k, files: {smaller_than: 1MB, tracked: false}, action: keep}",
        ),
        (
            "{name: r, files: {in: output, tracked: false}, after: 7d, action: trash}",
            "{name: k, files: {in: workspace, tracked: false}, action: keep}",
        ),
        (STRAY, "{name: k, jobs: {status: running}, files: {in: workspace}, action: keep}"),
    ],
)
def test_a_keep_rule_that_provably_protects_nothing_is_named(removal: str, keep: str) -> None:
    """Other places, owners, sizes, statuses, or deliverables that no rule reaches."""
    assert warn(removal, keep) == [PROTECTS_NOTHING]


@pytest.mark.parametrize(
    ("removal", "keep"),
    [
        (STRAY, '{name: k, files: {match: ["*.mkv"]}, action: keep}'),
        (STRAY, "{name: k, jobs: {type: cut}, files: {type: temp_video}, action: keep}"),
        (
            "{name: r, files: {in: output}, deliverables: true, after: 7d, action: trash}",
            "{name: k, files: {type: final_video}, action: keep}",
        ),
        (STRAY, "{name: k, jobs: {type: cut}, files: {in: workspace}, action: keep}"),
    ],
)
def test_a_keep_rule_that_may_protect_is_not_named(removal: str, keep: str) -> None:
    """A wrong warning would talk somebody out of a protection."""
    assert warn(removal, keep) == []


TEMPORARY_ONLY = "rule `a` reaches only temporary files that were declared in an output"
MTIME = "`since: written` reads the mtime alone, which `cp -p`, `rsync -t` and `tar` set: a new copy looks old"
ROOT = "`/media/tmp/` begins with the path of the root, so it matches nothing; patterns begin at the root"
THE_WORD = "add `deliverables: true` if they may go"


@pytest.mark.parametrize(
    ("selector", "message", "help_text"),
    [
        (
            'files: {in: workspace, match: ["/output/*"]}',
            "4:47 W504 `/output/*` matches nothing in the workspace of a job, where rule `a` looks",
            "workspaces lie at `/scratch/{job_id}`, `/wip/{job_id}`: drop `in`, or the pattern",
        ),
        (
            'jobs: {type: mix}, files: {in: output, match: ["/output/*"]}, deliverables: true',
            "4:63 W504 `/output/*` matches nothing in the output of a job, where rule `a` looks",
            "outputs lie at `/mixed/{job_id}`: drop `in`, or the pattern",
        ),
        ('files: {match: ["/media/tmp/"]}', f"4:32 W504 {ROOT}", "write `/tmp/`"),
        (
            "files: {type: [final_video, temp_video]}",
            "4:30 W504 rule `a` does not reach `final_video`: deliverables of every job that it is about",
            THE_WORD,
        ),
        ("files: {in: output}", f"4:23 W504 {TEMPORARY_ONLY}", THE_WORD),
        ("files: {in: workspace}, since: written", f"4:39 W508 {MTIME}", "drop `since`, or write `since: changed`"),
        (
            'files: {match: ["x_*", "!x_keep_*"]}',
            "4:39 W509 `!x_keep_*` holds back rule `a` alone; any other rule may take such files",
            "write a keep rule that matches `x_keep_*`",
        ),
        (
            'files: {match: ["!x_keep_*", "x_*"]}',
            "4:32 W510 `!x_keep_*` stands before every pattern that it could narrow, so it does nothing",
            "move it behind them: the last pattern that matches decides",
        ),
        (
            'files: {match: ["**/clips"]}',
            "4:32 W511 `**/clips` takes a file of that name, and nothing that lies below such a directory",
            "write `**/clips/` to take what lies below",
        ),
        (
            'files: {match: ["*.mkv"], except: ["*[HDTV]*"]}',
            "4:51 W507 `[HDTV]` matches one of these characters, not the text `[HDTV]`",
            r"write `\[HDTV\]` for the text, with each `\` doubled between double quotes",
        ),
    ],
)
def test_an_odd_rule_is_named_with_its_place(selector: str, message: str, help_text: str) -> None:
    """The warning points at the word that is odd, and says what to write."""
    assert warn(f"{{name: a, {selector}, after: 7d, action: trash}}") == [f"{message} | {help_text}"]


@pytest.mark.parametrize(
    "rules",
    [
        ('{name: a, files: {match: ["x_*", "!x_keep_*"]}, after: 7d, action: trash}',
         '{name: k, files: {match: ["x_keep_*"]}, action: keep}'),
        ('{name: a, files: {match: ["[abc]*", "[!HDTV]*", "[T-V]*", "\\\\[HDTV\\\\]*"]}, after: 7d, action: trash}',),
        ('{name: a, files: {match: ["/clips/", "x_*"]}, after: 7d, action: trash}',),
        ('{name: a, files: {in: workspace, match: ["/scratch/", "**/x", "/wi?/*"]}, after: 7d, action: trash}',),
        ("{name: a, files: {in: output, tracked: false}, after: 7d, action: trash}",),
        ("{name: a, files: {type: final_video}, deliverables: true, after: 7d, action: trash}",),
    ],
)  # fmt: skip
def test_what_is_said_well_is_not_warned_about(rules: tuple[str, ...]) -> None:
    """A negation that a keep rule covers, a set in order, a slash where one is needed, a place that fits."""
    assert warn(*rules) == []


def test_a_rule_that_delays_another_is_named_with_a_path_that_both_select() -> None:
    """The related place is the rule that would act earlier."""
    texts = make_texts(
        '{name: slow, files: {match: ["/output/**/videos/"], tracked: false}, after: 30d, action: trash}',
        '{name: fast, files: {match: ["temp_*.mkv"], tracked: any}, after: 7d, action: delete}',
    )
    (found,) = lint(load_texts(texts, base="/"), texts)
    assert show(found) == (
        "4:74 W505 rule `slow` delays rule `fast`: both select `output/x/videos/temp_x.mkv`, which waits 30d"
        " | let only one of them select it, such as by `except`, or say `otherwise: true` in `slow`"
    )
    assert [(span.line, text) for span, text in found.related if span] == [(5, "this rule waits 7d")]


def test_rules_delay_each_other_status_by_status() -> None:
    """The same wait after a success and another after a failure is a delay."""
    (found,) = warn(
        "{name: a, files: {in: workspace}, after: {completed: 1d, failed: 2d}, action: trash}",
        "{name: b, jobs: {type: cut}, files: {in: workspace}, after: {completed: 1d, failed: 9d}, action: trash}",
    )
    assert "rule `b` delays rule `a`: both select `scratch/x/x`, which waits 9d" in found


@pytest.mark.parametrize(
    "second",
    [
        '{name: b, files: {match: ["/in/*"]}, after: 7d, action: trash}',
        '{name: b, files: {match: ["/in/*"]}, after: 9d, action: trash, otherwise: true}',
        '{name: b, files: {match: ["/in/*"]}, after: 9d, action: trash, report_only: true}',
        '{name: b, files: {match: ["/in/*"], tracked: false}, after: 9d, action: trash}',
        '{name: b, files: {match: ["/in/*.x"], except: ["*.x"]}, after: 9d, action: trash}',
        '{name: b, files: {match: ["/in/*/x"]}, after: 9d, action: trash}',
        '{name: b, jobs: {parameters: {p: two}}, files: {match: ["/in/*"]}, after: 9d, action: trash}',
    ],
)
def test_rules_that_share_no_file_or_wait_alike_do_not_delay(second: str) -> None:
    """Another class, another owner, another path, the same wait."""
    texts = make_texts(
        '{name: a, jobs: {parameters: {p: one}}, files: {match: ["/in/*"]}, after: 7d, action: trash}', second
    )
    with_parameter = LAYOUT.replace("workspace:", "parameters: {p: {}}\nworkspace:", 1)
    texts |= {"/p/a.yaml": with_parameter, "/p/b.yaml": with_parameter.replace("cut", "mix")}
    assert lint(load_texts(texts, base="/"), texts) == ()


def test_rules_of_different_file_types_do_not_delay_each_other() -> None:
    """One file has one type."""
    first = "{name: a, files: {type: temp_video}, after: 7d, action: trash}"
    assert warn(first, "{name: b, files: {type: undeclared}, after: 9d, action: trash}") == []


def test_a_warning_without_texts_points_at_the_rule() -> None:
    """The texts only make the place finer."""
    policies = load_texts(make_texts("{name: a, files: {in: output}, after: 7d, action: trash}"), base="/")
    assert [(str(one.span), one.code) for one in lint(policies)] == [("/p/c.yaml:4:5", "W504")]


def test_nothing_is_said_about_no_policies() -> None:
    """An empty set has no warnings."""
    assert lint(PolicySet()) == ()
