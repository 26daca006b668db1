"""Loading as a whole: silence filled in, folders merged, the digest, and the error that carries the findings."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from rules_engine.errors import ExitCode
from rules_engine.policy.load import PolicyError, check_policies, check_texts, load_policies, load_texts
from rules_engine.policy.model import Action, PolicySet, Rule, Since, Tracked
from rules_engine.policy.patterns import Reading
from rules_engine.values.quantities import DAY, HOUR
from rules_engine.values.vocabulary import FileType, JobStatus, JobType, Place

SHARED = Path(__file__).parents[2] / "cases" / "diagnostics" / "shared"
LAYOUT = (SHARED / "short_form.yaml").read_text(encoding="utf-8")
SETTINGS = (SHARED / "preserve_14d.yaml").read_text(encoding="utf-8")
HEAD = "version: 1\nkind: cleanup\nrules:\n"


def _load(rules: str) -> PolicySet:
    texts = {"policies/layout.yaml": LAYOUT, "policies/settings.yaml": SETTINGS}
    return load_texts({**texts, "policies/cleanup.yaml": HEAD + rules})


def _rule(body: str) -> Rule:
    return _load(f"  - {{name: a, {body}}}\n").rules[0]


def test_a_removal_that_says_nothing_is_about_completed_jobs_and_tracked_files() -> None:
    """Silence of a removal is read narrowly."""
    rule = _rule("after: 7d, action: trash")
    assert rule.jobs.statuses == {JobStatus.COMPLETED}
    assert rule.files.tracked is Tracked.TRACKED
    assert (rule.deliverables, rule.otherwise, rule.report_only, rule.since) == (False, False, False, None)


def test_a_keep_rule_that_says_nothing_is_about_any_job_and_any_file() -> None:
    """Silence of a keep rule is read widely."""
    rule = _rule("action: keep")
    assert rule.jobs.statuses is None
    assert rule.jobs.types is None
    assert rule.files.tracked is Tracked.ANY
    assert (rule.after, rule.keep_for) == (None, None)


def test_a_keep_rule_that_speaks_of_jobs_is_about_their_files() -> None:
    """Only a word opens it to files without an owner again."""
    assert _rule("jobs: {status: failed}, action: keep").files.tracked is Tracked.TRACKED
    assert _rule("jobs: {status: failed}, files: {tracked: any}, action: keep").files.tracked is Tracked.ANY


def test_an_after_by_status_selects_the_statuses_that_it_names() -> None:
    """Statuses that are not named are not selected."""
    rule = _rule("after: {failed: 14d, completed: 24h}, action: delete")
    assert rule.jobs.statuses == {JobStatus.COMPLETED, JobStatus.FAILED}
    assert rule.after is not None
    assert rule.after.of(JobStatus.COMPLETED) == 24 * HOUR
    assert rule.after.of(JobStatus.FAILED) == 14 * DAY
    assert rule.after.of(None) is None


def test_every_key_of_a_rule_arrives() -> None:
    """A rule that says everything is loaded with everything."""
    rule = _load("""
  - name: full
    description: all of it
    jobs: {type: [short_form], status: [completed, failed], parameters: {series: [Suits, 24], language: ko}}
    files:
      match: ["/output/**/temp_*", "!temp_keep*"]
      except: "*.log"
      type: temp_video
      in: output
      tracked: true
      larger_than: 1kB
      smaller_than: 1.5MiB
    deliverables: true
    after: 2w
    since: written
    otherwise: true
    report_only: true
    action: trash
""").rules[0]
    assert rule.jobs.types == {JobType.SHORT_FORM}
    assert rule.jobs.statuses == {JobStatus.COMPLETED, JobStatus.FAILED}
    assert rule.jobs.parameters == (("language", frozenset({"ko"})), ("series", frozenset({"Suits", "24"})))
    assert rule.files.match is not None
    assert (rule.files.match.texts, rule.files.match.reading) == (("/output/**/temp_*", "!temp_keep*"), Reading.NARROW)
    assert rule.files.exclude is not None
    assert (rule.files.exclude.texts, rule.files.exclude.reading) == (("*.log",), Reading.WIDE)
    assert (rule.files.types, rule.files.place) == ({FileType.TEMP_VIDEO}, Place.OUTPUT)
    assert (rule.files.larger_than, rule.files.smaller_than) == (1000, 1_572_864)
    assert (rule.deliverables, rule.otherwise, rule.report_only) == (True, True, True)
    assert (rule.since, rule.action, rule.description) == (Since.WRITTEN, Action.TRASH, "all of it")
    assert str(rule.span) == "policies/cleanup.yaml:5:5"


def test_a_keep_rule_reads_its_patterns_widely_and_keeps_for_its_time() -> None:
    """`for` and the clock of a keep rule arrive."""
    rule = _rule('files: {match: "/output/*/hero/"}, for: 90d, since: changed, action: keep')
    assert rule.files.match is not None
    assert rule.files.match.reading is Reading.WIDE
    assert (rule.keep_for, rule.since) == (90 * DAY, Since.CHANGED)


def test_untracked_files_are_selected_by_the_word() -> None:
    """`tracked: false` is what it says."""
    assert (
        _rule('files: {match: "*.part", tracked: false}, after: 7d, action: trash').files.tracked is Tracked.UNTRACKED
    )


def test_a_rule_without_failed_jobs_is_not_stopped_by_the_shield() -> None:
    """The default shield is an error only beside a rule that names failed jobs."""
    checked = check_texts({"a.yaml": HEAD + "  - {name: a, after: 1d, action: trash}\n"})
    assert checked.diagnostics == ()


def test_a_wait_as_long_as_the_shield_is_no_veto() -> None:
    """Equal waits delay nothing."""
    assert _rule("jobs: {status: failed}, after: 14d, action: delete").name == "a"


def test_a_type_that_is_a_deliverable_is_not_stopped_by_file_types() -> None:
    """`file_types` narrows temporary types alone."""
    settings = "version: 1\nkind: settings\ncleanup: {file_types: [temp_video]}\n"
    rule = HEAD + "  - {name: a, files: {type: [final_video]}, deliverables: true, after: 30d, action: trash}\n"
    checked = check_texts({"l.yaml": LAYOUT, "s.yaml": settings, "c.yaml": rule})
    assert checked.diagnostics == ()
    undeclared = rule.replace("final_video", "undeclared")
    checked = check_texts({"l.yaml": LAYOUT, "s.yaml": settings, "c.yaml": undeclared})
    assert [one.code for one in checked.diagnostics] == ["P424"]


def test_rules_are_ordered_by_name_whatever_the_order_of_files() -> None:
    """The order of the text decides nothing."""
    one, two = HEAD + "  - {name: b, action: keep}\n", HEAD + "  - {name: a, action: keep}\n"
    assert [rule.name for rule in load_texts({"x.yaml": one, "y.yaml": two}).rules] == ["a", "b"]


def test_the_digest_is_of_what_policies_say_and_not_of_how() -> None:
    """Order, comments, descriptions, file names and another root leave it; another wait does not."""
    plain = load_texts({"a.yaml": HEAD + "  - {name: a, action: keep}\n  - {name: b, after: 7d, action: trash}\n"})
    other = load_texts(
        {
            "x/z.yaml": "# later\n"
            + HEAD
            + '  - {name: b, after: "1w", action: trash, description: old, otherwise: false}\n',
            "x/y.yaml": HEAD + "  - {action: keep, name: a}\n",
            "x/s.yaml": "version: 1\nkind: settings\nroot: elsewhere\n",
        }
    )
    changed = load_texts({"a.yaml": HEAD + "  - {name: a, action: keep}\n  - {name: b, after: 8d, action: trash}\n"})
    assert plain.digest == other.digest
    assert plain.digest != changed.digest
    assert len(plain.digest) == 64


def test_the_digest_changes_with_the_layout_and_the_settings() -> None:
    """Everything that can change a decision is in it."""
    base = load_texts({"l.yaml": LAYOUT}).digest
    assert load_texts({"l.yaml": LAYOUT.replace("temp_audio", "temp_slide")}).digest != base
    assert load_texts({"l.yaml": LAYOUT, "s.yaml": SETTINGS}).digest != base


def test_the_digest_is_the_same_in_every_process() -> None:
    """No order of a set reaches it: a plan made by one process is applied by another."""
    rule = HEAD + "  - {name: a, files: {type: [temp_video, temp_audio]}, after: 1d, action: trash}\n"
    code = "import sys; from rules_engine.policy.load import load_texts; print(load_texts(eval(sys.argv[1])).digest)"
    texts = {"policies/l.yaml": LAYOUT, "policies/c.yaml": rule}
    found = {
        subprocess.run(
            [sys.executable, "-c", code, repr(texts)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }
    assert found == {load_texts(texts).digest}


def test_policies_that_are_wrong_come_back_as_findings(tmp_path: Path) -> None:
    """Checking never raises for what the user wrote."""
    (tmp_path / "a.yaml").write_text("version: 1\nkind: cleanup\nrules: []\n")
    policies, diagnostics = check_policies([str(tmp_path)])
    assert policies is None
    assert [one.code for one in diagnostics] == ["P306"]


def test_no_text_is_an_error() -> None:
    """No policy in memory is an error as well."""
    with pytest.raises(PolicyError, match="there is no policy"):
        load_texts({})


def test_a_policy_error_survives_pickling() -> None:
    """Errors cross process pools."""
    with pytest.raises(PolicyError) as caught:
        load_texts({"a.yaml": "version: 1\nkind: layouts\n"})
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(copy) == str(caught.value)
    assert copy.exit_code is ExitCode.INVALID_POLICY


def test_of_several_folders_all_rules_hold(tmp_path: Path) -> None:
    """Rules of a later folder are added to those of an earlier one."""
    for folder, name in (("one", "b"), ("two", "a")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rules.yaml").write_text(HEAD + f"  - {{name: {name}, action: keep}}\n")
    policies = load_policies([str(tmp_path / "one"), str(tmp_path / "two")])
    assert [rule.name for rule in policies.rules] == ["a", "b"]
    assert policies.folders == (str(tmp_path / "one"), str(tmp_path / "two"))
