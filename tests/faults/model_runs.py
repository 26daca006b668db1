"""What the model of test_model.py holds of runs: what each may take, and where a file may be after it."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine
from model_place import Place
from model_rules import File, World

from rules_engine.apply.model import RunResult, RunState
from rules_engine.errors import RulesError

COUNTS: Counter[str] = Counter()
"""What happened, for the campaign to tell."""


@dataclass
class Run:
    """A plan that was made or begun, and what it may take."""

    may: set[str]
    may_delete: set[str] = field(default_factory=set)
    began: int = 0
    empties: bool = False


class Runs(RuleBasedStateMachine):
    """A root, what is known of it, and how each run is judged; test_model.py has the rules."""

    place: Place

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.world = World()
        self.turn = 0
        self.planned = Run(set())
        self.cut: dict[str, Run] = {}
        """Runs that were killed, by id."""
        self.closed: set[str] = set()

    @property
    def now(self) -> int:
        """The instant."""
        return self.place.clock.instant

    def carry_out(self, act: Callable[[], RunResult], run: Run, kill: int | None = None) -> None:
        """One run, killed at a call or to its end, and what it was allowed to do."""
        COUNTS["runs"] += 1
        run.began = run.began or self.now
        before = set(self.place.folder_names("runs"))
        if kill is not None and self.place.killed_at(kill, act):
            note("killed")
            new = set(self.place.folder_names("runs")) - before
            self.cut |= dict.fromkeys(new, run)
            self._settle(run)
            return
        if kill is None:
            self._whole(act, before)
        else:
            # It was through before that call: nobody tells here which run it was.
            self.cut = {}
        self._settle(run)

    def _whole(self, act: Callable[[], RunResult], before: set[str]) -> None:
        try:
            result = act()
        except RulesError as err:
            note(f"refused: {type(err).__name__}")
            return
        assert result.state is RunState.FINISHED, result
        self.cut.pop(result.run_id, None)
        if result.run_id not in before:
            states = {one: self.place.state_of(one) for one in self.cut}
            # Killed behind its report a run is through; killed before it had a folder it never was.
            assert {*states.values()} <= {RunState.FINISHED, RunState.CLOSED, None}, states
            runs = self.place.top / ".rules/runs"
            self.closed |= {
                one
                for one, state in states.items()
                if state is RunState.CLOSED and (runs / one / "plan.jsonl").exists()
            }
            self.cut = {}
        self._settle_nothing(act, result)

    def _settle_nothing(self, act: Callable[[], RunResult], result: RunResult) -> None:
        before = self.place.contents()
        assert act() == result
        assert self.place.contents() == before

    def _settle(self, run: Run) -> None:
        """Find each file again; whatever left its place was allowed to."""
        found = self.place.contents()
        protected = {one.content for one in self.world.files.values() if self.world.protected(one)}
        for file in self.world.files.values():
            there = found.get(file.content, [])
            now = where_is(file, there)
            if now != file.where:
                note(f"{file.where} -> {now}")
                self._check(file, now, run, protected)
                if (file.where, now) == ("aside", "place"):
                    file.written = max(file.written, run.began)
                file.where = now

    def _check(self, file: File, now: str, run: Run, protected: set[str]) -> None:
        match file.where, now:
            case "place", _:
                assert file.content in run.may, f"{file} may not go"
                assert file.content not in protected, f"{file} is protected"
                assert now == "aside" or file.content in run.may_delete, f"{file} may only be set aside"
            case "aside", "gone":
                assert (run.empties and not self.world.is_pinned(file)) or file.content in run.may_delete, file
            case "aside", "going":
                assert file.content in run.may_delete, file
            case ("aside", "place") | ("going", "gone"):
                pass
            case _:
                raise AssertionError((file, now))

    def there(self) -> list[File]:
        """The files at their places."""
        return [one for one in self.world.files.values() if one.where == "place"]

    def running(self) -> list[str]:
        """The jobs that run."""
        return sorted(one for one, job in self.world.jobs.items() if job.status == "running")

    @staticmethod
    def one(some: list[str], which: int) -> str:
        """One of some, by any number."""
        return some[which % len(some)]


def note(what: str) -> None:
    """Count something that happened."""
    event(what)
    COUNTS[what] += 1


def where_is(file: File, there: list[str]) -> str:
    """Where a file is, having been found there."""
    assert len(there) <= 1, f"{file} lies in {there}"
    if not there:
        return "gone"
    if there[0] == file.path:
        return "place"
    if there[0].startswith(".rules/removing/"):
        return "going"
    _, area, _, path = there[0].split("/", 3)
    assert (area, path) == ("trash", file.path)
    return "aside"
