"""What a rank cannot say: the place of a job among its like is asked for one way round, by rules that speak of jobs."""

from rules_engine.policy.findings import Findings
from rules_engine.policy.nodes import Node

_RANKS = ("newest", "beyond_newest")


def check_ranks(node: Node, findings: Findings) -> None:
    """Note every rank in a rule that would do the opposite of what was meant, or nothing."""
    jobs = node.get("jobs")
    ranks = [key for key in _RANKS if node.get("jobs", key) is not None]
    if jobs is None:
        return
    per = jobs.get("per")
    if per is not None and not ranks:
        kind = "newest" if node.text_of("action") == "keep" else "beyond_newest"
        message = "`per` says what is counted together, and nothing is counted here"
        findings.error("P428", message, jobs.key_span("per"), f"add `{kind}: 5`, or remove `per`")
    if len(ranks) > 1:
        _report_both(node, jobs, findings)
    elif ranks:
        _check_direction(node, jobs, ranks[0], findings)
        _check_tracked(node, jobs, ranks[0], findings)


def _report_both(node: Node, jobs: Node, findings: Findings) -> None:
    meant, other = ("newest", "beyond_newest") if node.text_of("action") == "keep" else ("beyond_newest", "newest")
    findings.error(
        "P427",
        "`newest` and `beyond_newest` in one rule: no job is among the newest and beyond them",
        jobs.key_span(other),
        f"remove `{other}`: {_way_round(meant, jobs.text_of(meant))}",
        ((jobs.key_span(meant), f"`{meant}` is here"),),
    )


def _check_direction(node: Node, jobs: Node, key: str, findings: Findings) -> None:
    keeps = node.text_of("action") == "keep"
    if key == "newest" and not keeps:
        message = "`newest` in a removal would take the files of the newest jobs"
        help_text = f"write the other word: {_way_round('beyond_newest', jobs.text_of(key))}"
        findings.error("P427", message, jobs.key_span(key), help_text)
    if key == "beyond_newest" and keeps:
        message = "`beyond_newest` in a keep rule would keep the files of all jobs but the newest"
        help_text = f"write the other word: {_way_round('newest', jobs.text_of(key))}"
        findings.error("P427", message, jobs.key_span(key), help_text)


def _way_round(key: str, number: str) -> str:
    return f"`{key}: {number}` {'removes the others' if key == 'beyond_newest' else f'keeps the newest {number}'}"


def _check_tracked(node: Node, jobs: Node, key: str, findings: Findings) -> None:
    """A rank in a rule that is also about files without a job; `jobs` in one that is only about them is refused."""
    tracked = node.get("files", "tracked")
    if tracked is None or tracked.text != "any":
        return
    message = f"`{key}` and `tracked: {tracked.text}`: files without an owner have no place among jobs"
    help_text = "write one rule for the files of jobs, without `tracked`, and one for those that no job owns"
    related = ((tracked.span, f"`tracked: {tracked.text}` is here"),)
    findings.error("P428", message, jobs.key_span(key), help_text, related)
