"""What an analysis says to people: nothing found, sizes and stages of an example."""

from makers import days, keep, policies, removal

from rules_engine.analysis.analyze import analyze
from rules_engine.policy.model import FileSelector, Settings, Tracked
from rules_engine.report.analysis_text import analysis_document, analysis_lines
from rules_engine.values.quantities import ByteCount, Duration
from rules_engine.values.vocabulary import CleanupPolicy, Place

CALM = Settings(cleanup=CleanupPolicy(preserve_on_failure=Duration(0)))


def test_an_analysis_without_findings_says_so_in_its_first_line() -> None:
    """Nothing found is an answer, with what it rests on."""
    said = policies(removal("old", files=FileSelector(place=Place.WORKSPACE)), settings=CALM)
    first, second = analysis_lines(analyze(said))
    assert first == "1 rule, 0 findings"
    assert second.endswith(" looked at; all of it is proved, and every example was decided as a plan would")


def test_an_example_says_its_size_and_its_stages() -> None:
    """Where a rule asks for a size the example has one, and each stage of its fate is told."""
    large = FileSelector(place=Place.WORKSPACE, larger_than=ByteCount(2**30))
    said = policies(
        removal("large", after=1, files=large),
        removal("slow", after=5, files=FileSelector(place=Place.WORKSPACE)),
        keep("held", files=FileSelector(tracked=Tracked.ANY), keep_for=days(3)),
        settings=CALM,
    )
    text = "\n".join(analysis_lines(analyze(said)))
    assert "in the workspace of a completed `alpha` job, 1.0 GiB\n" in text
    assert (
        "      it stays: rule `held` keeps it; then after 3d it waits for rule `slow`; "
        "then after 5d it goes: delete by `large`, `slow`\n"
    ) in text
    assert '"decision": "not_due"' in analysis_document(analyze(said))
