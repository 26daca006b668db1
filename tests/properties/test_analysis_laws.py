"""Laws of the analysis: no file that can be is missing among the situations, and what is proved holds of any file."""

from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import event, given
from hypothesis import strategies as st
from strategies import FEWER, LAYOUTS, TYPES, chosen, cleanups, keeps, removals

from rules_engine.analysis.analyze import analyze
from rules_engine.analysis.fate import Fate, evidence, fate
from rules_engine.analysis.findings import Kind
from rules_engine.analysis.never import acting, decides
from rules_engine.analysis.ranking import Like
from rules_engine.analysis.situation import JobWords, Situation, Times, fact_of
from rules_engine.analysis.situations import situations
from rules_engine.plan.select import Matched, select
from rules_engine.plan.subject import subject_of
from rules_engine.policy.budget import Budget
from rules_engine.policy.built_in import without_shield
from rules_engine.policy.model import PolicySet, Settings
from rules_engine.values.paths import RelPath, is_at_or_below, join, parent
from rules_engine.values.vocabulary import FileType, JobStatus, Place, RuleName

STATES: Final = 100_000
DIRECTORIES: Final = (
    "", "scratch", "scratch/a", "scratch/a/deep", "out", "out/suits", "out/x", "out/other/sub", "misc", "misc/deep",
    "slides", "out/suits/slides",
)  # fmt: skip
NAMES: Final = ("temp_1", "final_001.mkv", "slide_002.png", "x.part", "notes", "b\udcff", "a\nb", "bc", "z")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file that somebody made up."""

    directory: str
    name: str
    layout: Any
    status: JobStatus
    series: str
    language: str
    file_type: FileType
    size: int
    rank: int

    def situation(self, said: PolicySet) -> Situation | None:
        """The file as a situation; None where a job of the layout cannot have it so."""
        path = join(RelPath(self.directory), self.name)
        fact = fact_of(path, self.size)
        if self.layout is None:
            return Situation(fact, None, None, None, ())
        known = {name for name, _ in self.layout.parameters} | {"job_id"}
        asked = {"job_id": "a", "series": self.series, "language": self.language}
        values = {name: value for name, value in asked.items() if name in known}
        record = JobWords(self.layout, self.status, Place.OUTPUT, self.file_type, values).record(path, None, {})
        above = parent(path)
        place = Place.OUTPUT if is_at_or_below(above, record.output) else None
        place = Place.WORKSPACE if is_at_or_below(above, record.workspace) else place
        record = JobWords(self.layout, self.status, place, self.file_type, values).record(path, None, {})
        places = tuple(
            (like, self.rank) for like in dict.fromkeys(Like.of(one) for one in said.rules if one.jobs.ranks)
        )
        return Situation(fact, record, place, self.file_type, (), places=places).aged(Times.TOGETHER)


FILES: Final = chosen(
    Drawn,
    directory=DIRECTORIES,
    name=NAMES,
    layout=(None, *LAYOUTS, *LAYOUTS),
    status=(JobStatus.COMPLETED, JobStatus.FAILED),
    series=("suits", "x", "other"),
    language=("en", "ko"),
    file_type=(*TYPES, FileType("strange")),
    size=(0, 5, 6, 14, 15, 20),
    rank=(1, 2, 3, 4),
)
POLICIES: Final = st.builds(
    lambda one, two, three, four, cleanup, report: PolicySet(
        tuple(sorted((replace(one, report_only=report), two, three, four), key=lambda rule: rule.name)),
        {layout.job_type: layout for layout in LAYOUTS},
        Settings(cleanup=cleanup),
    ),
    removals("old"),
    removals("second"),
    keeps("kept"),
    keeps("stay"),
    cleanups,
    st.sampled_from([False, False, False, True]),
)


def selecting(said: PolicySet, one: Situation) -> frozenset[RuleName]:
    """The rules that select the file, a keep rule as long as its `for` lasts."""
    seen = evidence(said, one, one.born)
    owner = seen.owners[one.job.job_id] if one.job is not None else None
    subject = subject_of(one.file, owner, said)
    return frozenset(rule.name for rule in said.rules if isinstance(select(rule, subject, one.ranks), Matched))


def told(one: Fate) -> tuple[object, ...]:
    """A fate without what only the path says."""
    return tuple(
        (stage.age, type(stage.decision), stage.decision.rules, getattr(stage.decision, "because", None))
        for stage in one.stages
    )


@FEWER
@given(POLICIES, st.lists(FILES, min_size=10, max_size=20))
def test_every_file_has_an_example_with_its_fate(said: PolicySet, files: list[Drawn]) -> None:
    """Whatever file is drawn, some situation is selected by the same rules, and the same becomes of it."""
    known: dict[object, dict[object, Situation]] = {}
    for one in situations([said], Budget(STATES)):
        assert one.selecting[0] == selecting(said, one)
        known.setdefault((one.status, one.selecting[0]), {})[told(fate(said, one))] = one
    for drawn in files:
        one = drawn.situation(said)
        assert one is not None
        assert told(fate(said, one)) in known.get((one.status, selecting(said, one)), {})


@FEWER
@given(POLICIES, st.lists(FILES, min_size=5, max_size=10))
def test_what_is_found_is_true_of_every_file(said: PolicySet, files: list[Drawn]) -> None:
    """No drawn file is decided by a rule that never decides, nor does anything reach or wait other than was found.

    And the file that a finding shows comes to that end when it is decided anew.
    """
    found = {(one.kind, one.rule.name): one for one in analyze(said, STATES).findings}
    for finding in found.values():
        if finding.situation is not None:
            again = fate(acting(said, finding.rule), finding.situation)
            assert again == finding.fate
            assert decides(finding.rule, again) is (finding.kind is not Kind.NEVER)
    drawn = [one for one in (file.situation(said) for file in files) if one is not None]
    for rule in said.rules:
        taking_part = acting(said, rule)
        fates = [(one, fate(taking_part, one)) for one in drawn]
        decided = [(one, ending) for one, ending in fates if decides(rule, ending)]
        if (Kind.NEVER, rule.name) in found:
            event("a rule that never decides")
            assert not decided
            continue
        if rule.is_removal and (Kind.WIDE, rule.name) not in found:
            assert not [one for one, ending in decided if ending.removal and ending.removal.deliverable]
            assert all(one.place is Place.WORKSPACE for one, _ in decided if one.job is not None)
        if rule.is_removal and (Kind.LATE, rule.name) not in found:
            alone = without_shield(replace(said, rules=(replace(rule, report_only=False),)))
            assert all(ending.ending.age <= fate(alone, one).ending.age for one, ending in decided)
        same = found.get((Kind.SAME, rule.name))
        if same is not None and same.help == "remove it":
            event("a rule that another covers")
            assert all(same.others[0] in selecting(said, one) for one in drawn if rule.name in selecting(said, one))
