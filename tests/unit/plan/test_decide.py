"""Single decisions whose answer the laws cannot name; the scenarios of users are in tests/cases/plan/."""

from dataclasses import replace
from itertools import permutations

import pytest
from makers import NOW, days, days_ago, decided, evidence, file, job, keep, narrow, planned, policies, removal

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.manifest.model import Damage
from rules_engine.plan.decide import combine, decide, judge, would_go
from rules_engine.plan.given import Guards
from rules_engine.plan.model import Because, Kept, NotDue, Remove
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action, After, FileSelector, Settings, Since, Tracked
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Duration, Instant
from rules_engine.values.vocabulary import CleanupPolicy, EntryKind, FileType, JobStatus, RuleName

CHANGED = removal(since=Since.CHANGED)
NO_SHIELD = Settings(cleanup=CleanupPolicy(preserve_on_failure=Duration(0)))


@pytest.mark.parametrize("settings", [Settings(), NO_SHIELD], ids=["shield", "no-shield"])
def test_an_end_that_cannot_be_read_keeps_the_files_of_a_failed_job(settings: Settings) -> None:
    """The failure shield counts from the end of the job, so without one no clock of a rule may be trusted."""
    failed = job(status=JobStatus.FAILED, ended=None)
    assert decided(file("scratch/a/x"), policies(CHANGED, settings=settings), failed) == Kept(
        Because.UNKNOWN, "unknown: the end of job `a` cannot be read", (RuleName("old"),)
    )


def test_an_end_that_cannot_be_read_keeps_the_files_of_a_job_with_its_own_policy() -> None:
    """The retention of a job's own policy counts from its end, which must be known."""
    own = job(ended=None, cleanup=CleanupPolicy())
    assert decided(file("scratch/a/x"), policies(CHANGED), own) == Kept(
        Because.UNKNOWN, "unknown: the end of job `a` cannot be read", (RuleName("old"),)
    )


def test_an_end_that_no_wait_counts_from_is_not_asked_for() -> None:
    """A completed job without a policy of its own has nothing that counts from its end but rules that say so."""
    found = decided(file("scratch/a/x"), policies(CHANGED), job(ended=None))
    assert found == Remove(Action.DELETE, (RuleName("old"),), days_ago(14))


def test_a_wait_without_an_end_has_none_for_a_job_before_1970_either() -> None:
    """A negative end must not shorten `preserve_on_failure: true` to a date."""
    early = job(status=JobStatus.FAILED, ended=Instant(-5))
    assert decided(file("scratch/a/x", mtime_ns=-9, ctime_ns=-9), policies(), early) == Kept(
        Because.NEVER_DUE, "never due: cleanup.preserve_on_failure keeps the files of failed jobs", (BUILT_IN,)
    )


def test_a_rule_that_waits_for_centuries_is_named() -> None:
    """A wait beyond what an instant holds is never due, and the text does not blame the failure shield."""
    long = removal(after=100_000)
    assert decided(file("misc/x"), policies(long)) == Kept(
        Because.NEVER_DUE, "never due: rule `old` waits longer than any file can be old", (RuleName("old"),)
    )


def test_the_shield_is_named_before_a_rule_that_never_comes() -> None:
    """Of two waits without an end the shield is the one that a user can change."""
    failed = job(status=JobStatus.FAILED, cleanup=CleanupPolicy())
    text = "never due: cleanup.preserve_on_failure keeps the files of failed jobs"
    assert decided(file("scratch/a/x"), policies(removal(after=100_000)), failed) == Kept(
        Because.NEVER_DUE, text, (RuleName("old"),)
    )


def test_a_time_that_no_plan_can_hold_cannot_age_a_file() -> None:
    """Some filesystems hold the year 1600; such a file is kept, and does not stop the plan of all others."""
    written_then = removal(since=Since.WRITTEN)
    assert decided(file("misc/x", mtime_ns=-(2**63) - 1), policies(written_then)) == Kept(
        Because.UNKNOWN, "unknown: mtime is before the year 1678", (RuleName("old"),)
    )


def test_the_first_unknown_by_rule_name_is_said() -> None:
    """Of two rules that cannot age a file the same one speaks, whatever their order."""
    finished = removal("b")
    changed = removal("a", since=Since.CHANGED)
    fact = file("scratch/a/x", mtime_ns=None)
    late = job(ended=Instant(NOW + 1))
    texts = {decided(fact, policies(*order), late) for order in permutations((finished, changed))}
    assert texts == {Kept(Because.UNKNOWN, "unknown: mtime cannot be read", (RuleName("a"), RuleName("b")))}


def test_an_alias_that_jobs_share_is_named_after_the_first_of_them() -> None:
    """Whose alias a link is said to be does not depend on the order in which jobs were read."""
    link = file("old/suits", kind=EntryKind.LINK)
    jobs = [job(name, aliases=(RelPath("old/suits"),)) for name in "ab"]
    said = policies(removal())
    found = {decide(link, (), said, evidence(said, order)) for order in permutations(jobs)}
    assert found == {Kept(Because.LAYOUT_LINK, "it is a status link or alias of job `a`")}


def test_a_workspace_that_an_untrusted_job_shares_is_still_its_other_owners() -> None:
    """What a damaged manifest may name does not depend on the order in which jobs were read."""
    jobs = [job("b"), job("c", JobStatus.UNTRUSTED, workspace=RelPath("scratch/b"))]
    guards = Guards(damaged=(Damage("d", "line 3 is damaged", (), anywhere=True),))
    said = policies(removal())
    fact = file("scratch/b/x")
    found = {decide(fact, jobs[:1], said, evidence(said, order, guards)) for order in permutations(jobs)}
    assert found == {Remove(Action.DELETE, (RuleName("old"),), days_ago(9))}


def test_a_sealed_file_with_a_protected_name_stays_among_its_like() -> None:
    """Files are judged once where nothing tells them apart; a name that is protected does."""
    owner = job(files={RelPath("scratch/a"): {name: FileType("temp_slide") for name in ("a", "lost+found")}})
    facts = tuple(file(f"scratch/a/{name}", vouched=True) for name in ("a", "lost+found"))
    listing = DirectoryFacts(RelPath("scratch/a"), facts, inode=5, complete=True)
    (batch,) = planned(policies(removal()), (owner,), [listing]).batches
    assert [entry.name for entry in batch.entries] == ["a"]


def test_the_later_of_two_owners_decides_when() -> None:
    """A file of two jobs waits until both of them let it go, and the wait is named."""
    first, second = job("a", ended=days_ago(0.5)), job("b", ended=days_ago(0.25))
    jobs = [replace(one, files={RelPath("misc"): {"x": FileType("temp_slide")}}) for one in (first, second)]
    said = policies(removal(deliverables=True, after=2))
    assert decided(file("misc/x"), said, *jobs) == NotDue(
        Instant(NOW - days(0.25) + days(2)), "rule `old`", (RuleName("old"),)
    )


def test_the_mildest_action_of_two_owners_is_taken() -> None:
    """A file that one owner's rules would delete and another's would trash goes to the trash."""
    delete = Remove(Action.DELETE, (RuleName("b"),), Instant(5), deliverable=True)
    trash = Remove(Action.TRASH, (RuleName("a"),), Instant(3))
    mild = Remove(Action.TRASH, (RuleName("a"), RuleName("b")), Instant(5), deliverable=True)
    assert combine((delete, trash)) == combine((trash, delete)) == mild


def test_a_keep_rule_says_itself_before_one_that_cannot_tell() -> None:
    """The reason names every keep rule that may select the file, and says which surely does."""
    unsure = keep("unsure", keep_for=days(1))
    found = decided(file("misc/x", mtime_ns=None), policies(keep("b"), keep("a"), unsure))
    names = (RuleName("a"), RuleName("b"), RuleName("unsure"))
    assert found == Kept(Because.KEEP_RULE, "rules `a`, `b` keep it", names)


def test_a_report_rule_that_is_kept_back_would_not_go() -> None:
    """What would go is decided once more with all that protects still there."""
    report = removal("report", report_only=True)
    said = policies(keep(), report)
    seen = evidence(said)
    judged = judge(file("misc/x"), (), said, seen)
    assert not would_go(judged, report, said, seen)
    only = policies(report)
    seen = evidence(only)
    assert would_go(judge(file("misc/x"), (), only, seen), report, only, seen)


def test_a_rule_without_an_age_for_a_file_cannot_age_it() -> None:
    """A wait by status says nothing about a file without a job, so nothing is removed."""
    by_status = removal(files=FileSelector(match=narrow("x"), tracked=Tracked.ANY))
    by_status = replace(by_status, after=After(None, ((JobStatus.COMPLETED, days(1)),)))
    assert decided(file("misc/x"), policies(by_status)) == Kept(
        Because.UNKNOWN, "unknown: rule `old` has no `after` for it", (RuleName("old"),)
    )


def test_a_job_policy_of_debug_is_stricter_than_the_settings() -> None:
    """Debug mode keeps the files of a job whose own policy says so, though the settings do not."""
    settings = Settings(debug=True, cleanup=CleanupPolicy(debug_mode_disables=False))
    said = policies(removal(), settings=settings)
    own = CleanupPolicy(debug_mode_disables=True)
    assert decided(file("scratch/a/x"), said, job(cleanup=own)) == Kept(
        Because.CLEANUP_OFF, "debug mode turns cleanup off"
    )
    mild = replace(own, debug_mode_disables=False)
    assert isinstance(decided(file("scratch/a/x"), said, job(cleanup=mild)), Remove)


def test_a_job_policy_leaves_types_out() -> None:
    """Only the types in both lists go."""
    said = policies(removal())
    own = CleanupPolicy(file_types=frozenset({FileType("temp_slide")}))
    assert decided(file("scratch/a/x"), said, job(cleanup=own)) == Kept(
        Because.JOB_POLICY, "the job's own policy leaves out `undeclared`"
    )
    slide = {RelPath("scratch/a"): {"x": FileType("temp_slide")}}
    assert isinstance(decided(file("scratch/a/x"), said, job(cleanup=own, files=slide)), Remove)
