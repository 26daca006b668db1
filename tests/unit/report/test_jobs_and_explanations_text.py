"""Jobs and explanations, as text and as JSON."""

import json
from dataclasses import replace

from rules_engine.manifest.model import Damage, JobRecord
from rules_engine.plan.explain import Explanation, OwnerTrace, RuleTrace
from rules_engine.plan.model import Because, Kept, NotDue, Remove
from rules_engine.policy.model import Action
from rules_engine.report.explain_text import explanation_document, explanation_lines
from rules_engine.report.jobs_text import job_document, job_lines, job_list_lines, jobs_document
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, HOUR, Duration, Instant, parse_instant
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobId, JobStatus, JobType, RuleName

NOW = parse_instant("2026-03-01T04:00:00Z")
JOB = JobRecord(
    JobId("j1"),
    JobType("short_form"),
    JobStatus.COMPLETED,
    Instant(NOW - DAY),
    RelPath("scratch/j1"),
    RelPath("out/j1"),
    ended=Instant(NOW - HOUR),
    parameters={"series": "Su\nits"},
    status_link=RelPath("jobs/completed/j1"),
    files={RelPath("scratch/j1"): {"b": FileType.TEMP_VIDEO, "a": FileType.TEMP_SLIDE}},
    cleanup=CleanupPolicy(retention=Duration(2 * DAY)),
    lease_until=Instant(NOW + HOUR),
)
RUNNING = JobRecord(
    JobId("j22"), JobType("x"), JobStatus.RUNNING, Instant(NOW - HOUR), RelPath("scratch/j22"), RelPath("out/j22")
)
DAMAGED = Damage("j3", "`j3@host.jsonl` has a bad line", (), anywhere=True)


def test_a_job_is_one_line_and_a_damaged_manifest_another() -> None:
    """Status as read now, the newest moment of its life, its files and parameters."""
    assert list(job_list_lines((JOB, RUNNING), (DAMAGED,), NOW)) == [
        "j1   short_form  completed  ended 2026-03-01T03:00:00Z (1h ago)    2 files  series=Su\\nits",
        "j22  x           running    started 2026-03-01T03:00:00Z (1h ago)  0 files",
        "DAMAGED j3: `j3@host.jsonl` has a bad line; see `rules manifest repair j3`",
    ]
    assert list(job_list_lines((), (), NOW)) == ["no jobs"]


def test_a_job_shows_everything_that_its_manifest_says() -> None:
    """Its dates, places, parameters, own policy, and every declared file in order."""
    assert list(job_lines(JOB, NOW)) == [
        "job               j1",
        "type              short_form",
        "status            completed",
        "attempt           1",
        "started           2026-02-28T04:00:00Z (1d ago)",
        "ended             2026-03-01T03:00:00Z (1h ago)",
        "workspace         scratch/j1",
        "output            out/j1",
        "lease until       2026-03-01T05:00:00Z (in 1h)",
        "status link       jobs/completed/j1",
        "parameter series  Su\\nits",
        "own policy        keeps temporary files for 2d",
        "2 files declared",
        "  temp_slide  scratch/j1/a",
        "  temp_video  scratch/j1/b",
    ]
    assert "ended      not yet" in list(job_lines(RUNNING, NOW))
    assert list(job_lines(RUNNING, NOW))[-1] == "0 files declared"


def test_a_packed_job_says_so() -> None:
    """Its logs are gone on purpose."""
    packed = replace(JOB, packed=True)
    assert "manifest          packed: its seal says all that there is to say" in list(job_lines(packed, NOW))
    assert json.loads(job_document(packed, NOW))["packed"] is True
    assert json.loads(job_document(JOB, NOW))["packed"] is False


def test_the_documents_of_jobs_hold_what_the_text_says() -> None:
    """One document for the list, one with the declared files."""
    listed = json.loads(jobs_document((JOB, RUNNING), (DAMAGED,), NOW))
    assert (listed["kind"], [one["status"] for one in listed["jobs"]]) == ("jobs", ["completed", "running"])
    assert listed["damaged"] == [{"job_id": "j3", "why": "`j3@host.jsonl` has a bad line"}]
    assert listed["jobs"][1]["ended"] is None
    shown = json.loads(job_document(JOB, NOW))
    assert (shown["kind"], shown["job_id"]) == ("job", "j1")
    assert shown["declared"] == [
        {"path": "scratch/j1/a", "type": "temp_slide"},
        {"path": "scratch/j1/b", "type": "temp_video"},
    ]


OLD = RuleName("old")
TRACE = OwnerTrace(
    JobId("j1"),
    ("job `j1` (short_form) is completed",),
    (
        RuleTrace(OLD, "p.yaml:3", "delete", selects=True, decides=True, lines=("selects it, due since then",)),
        RuleTrace(
            RuleName("other"), "p.yaml:9", "keep", selects=False, decides=False, lines=("matches `/x/`; none does",)
        ),
        RuleTrace(
            RuleName("settings.cleanup"), "", "delete", selects=True, decides=False, lines=("acts only where no rule",)
        ),
    ),
)
GOES = Explanation(RelPath("a\x1b"), Remove(Action.DELETE, (OLD,), Instant(NOW - DAY), deliverable=True), (TRACE,))
WAITS = Explanation(RelPath("b"), NotDue(Instant(NOW + DAY), "rule `old`", (OLD,)), ())
STAYS = Explanation(RelPath("c"), Kept(Because.NO_RULE, "no rule selects it"), ())


def test_an_explanation_says_the_decision_first_and_marks_who_decided() -> None:
    """Then each rule with what it needed and saw."""
    assert list(explanation_lines((GOES, WAITS, STAYS), NOW)) == [
        "as of 2026-03-01T04:00:00Z",
        "",
        "a\\x1b",
        "  GOES, a deliverable: delete by `old`, due since 2026-02-28T04:00:00Z (1d ago)",
        "",
        "  job `j1` (short_form) is completed",
        "    > `old` (delete, p.yaml:3) decides",
        "          selects it, due since then",
        "      `other` (keep, p.yaml:9) does not select it",
        "          matches `/x/`; none does",
        "      `settings.cleanup` (delete, built in) selects it",
        "          acts only where no rule",
        "",
        "b",
        "  STAYS for now: due at 2026-03-02T04:00:00Z (in 1d), waits for rule `old`; then it goes by `old`",
        "",
        "c",
        "  STAYS: no rule selects it",
    ]


def test_the_document_of_an_explanation_holds_each_decision_and_trace() -> None:
    """Three kinds of decisions, each with its own facts."""
    found = json.loads(explanation_document((GOES, WAITS, STAYS), NOW))
    assert (found["kind"], found["now"]) == ("explanation", "2026-03-01T04:00:00Z")
    goes, waits, stays = found["paths"]
    assert (goes["decision"], goes["rules"], goes["deliverable"]) == ("delete", ["old"], True)
    assert goes["owners"][0]["rules"][0]["decides"] is True
    assert (waits["decision"], waits["due"], waits["waits_for"]) == ("not_due", "2026-03-02T04:00:00Z", "rule `old`")
    assert (stays["decision"], stays["because"]) == ("kept", "no_rule")
