"""Directories that go whole: what cases cannot say, because no policy file can write it or no tree is that large."""

from dataclasses import replace

from makers import NOW, days, days_ago, file, job, listed, narrow, planned, policies, removal
from msgspec.structs import replace as with_fields

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.plan.contents import Contents
from rules_engine.plan.given import Ask, EarlierKeep, Guards, Pin
from rules_engine.plan.model import Batch, Plan, StepAction
from rules_engine.policy.model import Action, After, DirectorySelector, FileSelector, Rule, Tracked, Unit
from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, JobId, JobStatus, RuleName

WHOLE = removal("whole", unit=Unit.WORKSPACE, files=FileSelector())
CACHES = removal(
    "caches", unit=Unit.DIRECTORY, files=FileSelector(match=narrow("/cache/*/"), tracked=Tracked.UNTRACKED)
)
EMPTY = removal("empty", directories=DirectorySelector(narrow("/legacy/**/")), files=FileSelector())


def units(plan: Plan) -> list[Batch]:
    """The batches of directories that go whole."""
    return [batch for batch in plan.batches if batch.reason == "unit"]


def workspace(job_id: str = "a", count: int = 1) -> list[DirectoryFacts]:
    """The workspace of a job with some files, found by a walk."""
    return listed(*(file(f"scratch/{job_id}/{number}.bin") for number in range(count)))


def test_a_unit_is_one_entry_with_what_must_still_be_true() -> None:
    """The step names the directory in its parent, its inode, its bytes, and the digest of all below it."""
    facts = listed(file("scratch/a/b"), file("scratch/a/sub/c", nlink=2), subdirectories={"scratch/a": ("sub",)})
    (batch,) = units(planned(policies(WHOLE), (job(),), facts))
    contents = Contents()
    contents.add_directory(RelPath(""), 100)
    same = {"kind": EntryKind.FILE, "inode": 7, "size": 10, "mtime_ns": days_ago(15), "ctime_ns": days_ago(15)}
    contents.add_file(RelPath(""), "b", **same, nlink=1)
    contents.add_directory(RelPath("sub"), 101)
    contents.add_file(RelPath("sub"), "c", **same, nlink=2)
    assert (batch.directory, batch.action, batch.rules) == ("scratch", StepAction.DELETE, ("whole",))
    assert (batch.owners, batch.deliverable) == (("a",), False)
    (entry,) = batch.entries
    assert (entry.name, entry.kind, entry.inode, entry.size) == ("a", EntryKind.DIRECTORY, 100, 20)
    assert entry.due == days_ago(9)
    assert [(one.files, one.contents) for one in batch.wholes] == [(2, contents.digest())]


def test_units_of_one_directory_share_a_batch_in_byte_order() -> None:
    """Directories that nobody owns go together, each with its own whole, whatever their order was."""
    facts = listed(file("cache/b/x"), file("cache/a/x"), file("cache/a/y"))
    (batch,) = units(planned(policies(CACHES), (), facts))
    assert [entry.name for entry in batch.entries] == ["a", "b"]
    assert [whole.files for whole in batch.wholes] == [2, 1]


def test_a_directory_that_its_parent_does_not_list_keeps_a_unit_whole() -> None:
    """Where two sources do not agree, what the directory holds is not known."""
    facts = listed(file("scratch/a/b"), file("scratch/a/sub/c"))
    plan = planned(policies(WHOLE), (job(),), facts)
    assert units(plan) == []
    assert plan.trailer.units_kept == [("scratch/a", "not everything in `scratch/a/sub` could be looked at")]


def test_a_directory_whose_inode_is_not_known_never_goes() -> None:
    """Without its inode nobody could tell later whether it is the same."""
    facts = [with_fields(one, inode=None, mtime_ns=NOW, ctime_ns=NOW) for one in workspace()]
    legacy = [DirectoryFacts(RelPath("legacy/a"), (), complete=True, mtime_ns=0, ctime_ns=0)]
    plan = planned(policies(WHOLE, EMPTY), (job(),), [*legacy, *facts])
    assert plan.batches == ()
    assert plan.trailer.units_kept == [("scratch/a", "not everything in `scratch/a` could be looked at")]


def test_a_rule_without_an_age_for_the_status_keeps_a_unit_whole() -> None:
    """What a rule does not say is unknown, and kept."""
    silent = replace(WHOLE, after=After(None, ((JobStatus.FAILED, days(1)),)))
    plan = planned(policies(silent), (job(),), workspace())
    assert plan.trailer.units_kept == [("scratch/a", "its age is not known: rule `whole` has no `after` for it")]


def test_the_ten_largest_that_stay_are_named() -> None:
    """Of many directories that stay whole, those with the most bytes are named, largest first."""
    kept = removal(
        "caches", unit=Unit.DIRECTORY, files=replace(CACHES.files, exclude=parse_patterns(["k"], Reading.WIDE))
    )
    facts = listed(*(file(f"cache/{number:02d}/k", size=number) for number in range(30)))
    told = planned(policies(kept), (), facts).trailer.units_kept
    assert [path for path, _ in told] == [f"cache/{number}" for number in range(29, 19, -1)]
    assert told[0][1] == "rule `caches` leaves out `cache/29/k`"


def test_a_pin_below_keeps_a_unit_and_an_empty_directory() -> None:
    """A pinned path keeps every directory above it, also where nothing lies there yet."""
    facts = [
        *listed(file("cache/a/x"), file("cache/b/x")),
        DirectoryFacts(RelPath("legacy/a"), (), inode=9, complete=True, mtime_ns=0, ctime_ns=0),
    ]
    pins = (Pin(RelPath("cache/a/later")), Pin(RelPath("legacy/a/later")))
    plan = planned(policies(CACHES, EMPTY), (), facts, guards=Guards(pins=pins))
    assert [entry.name for batch in plan.batches for entry in batch.entries] == ["b"]
    assert plan.trailer.units_kept == [("cache/a", "`cache/a/later` is pinned")]


def test_a_restored_directory_ages_from_when_it_was_put_back() -> None:
    """What came back from the trash an hour ago is an hour old, a unit and an empty directory alike."""
    facts = [
        *listed(file("cache/a/x")),
        DirectoryFacts(RelPath("legacy/a"), (), inode=9, complete=True, mtime_ns=0, ctime_ns=0),
        *workspace(),
    ]
    restored = {
        RelPath("cache/a"): days_ago(0.5),
        RelPath("legacy/a"): days_ago(0.5),
        RelPath("scratch"): days_ago(0.5),
    }
    plan = planned(policies(CACHES, EMPTY, WHOLE), (job(),), facts, guards=Guards(restored=restored))
    assert plan.batches == ()
    assert [rule.next_due for rule in plan.trailer.rules][:3] == [days_ago(-0.5)] * 3


def test_what_an_earlier_keep_rule_protects_makes_its_unit_a_release() -> None:
    """The step names the keep rule of an earlier applied policy set, and the plan is refused without its release."""
    earlier = EarlierKeep(
        Rule(
            RuleName("hero"), WHOLE.span, Action.KEEP, WHOLE.jobs, FileSelector(match=narrow("b"), tracked=Tracked.ANY)
        ),
        "policies/cleanup.yaml:7",
        "",
    )
    facts = listed(file("scratch/a/b"), file("scratch/a/c"))
    guards = Guards(earlier=(earlier,))
    plan = planned(policies(WHOLE), (job(),), facts, guards=guards)
    assert [batch.released for batch in units(plan)] == [("hero",)]
    assert [(one.name, one.count.files) for one in plan.trailer.releases] == [("hero", 1)]
    assert len(plan.trailer.refusals) == 1


def test_a_unit_that_was_not_asked_for_is_not_taken_in_pieces() -> None:
    """A plan narrowed to another job leaves it out, but for what file rules take singly."""
    ask = Ask(rules=frozenset({RuleName("bins")}))
    bins = removal("bins", files=FileSelector(match=narrow("*.bin"), tracked=Tracked.ANY))
    facts = listed(file("scratch/a/b.bin"), file("scratch/a/c.png"))
    plan = planned(policies(WHOLE, bins), (job(),), facts, ask=ask)
    assert [(batch.rules, [entry.name for entry in batch.entries]) for batch in plan.batches] == [
        (("bins",), ["b.bin"])
    ]
    assert plan.trailer.left_out.files == 1


def test_an_empty_directory_that_was_not_asked_for_stays() -> None:
    """A plan narrowed to a job removes no directory that is not the job's, and so none above it."""
    facts = [
        DirectoryFacts(RelPath("legacy"), (), ("a",), inode=8, complete=True, mtime_ns=0, ctime_ns=0),
        DirectoryFacts(RelPath("legacy/a"), (), inode=9, complete=True, mtime_ns=0, ctime_ns=0),
    ]
    every = replace(EMPTY, directories=DirectorySelector(narrow("/**/")))
    assert len(planned(policies(every), (), facts).batches) == 2
    assert planned(policies(every), (), facts, ask=Ask(jobs=frozenset({JobId("a")}))).batches == ()
