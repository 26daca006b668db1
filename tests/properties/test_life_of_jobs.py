"""A root over weeks: jobs start, write, end, die, start again; policies change; the clock moves; cleanup runs.

After every step the disk holds exactly what the words of the design leave there: one machine for properties 2, 3, 5, 6,
7 and 9.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from drawn_policies import EXAMPLES, PROPERTY, Asked, Folder, folders, parameters_of
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lives import Item, Life
from scenario import SKETCHES, Sketch, as_owned_by, where, write
from seed_words import Rule, Said, due_at, own_policies, rules, said_settings
from stage import stage

from rules_engine.errors import RefusedError
from rules_engine.jobs.models import CleanupResult
from rules_engine.manifest.errors import JobRunningError

T = TypeVar("T")
FOLDERS: Final = folders()
IDS: Final = st.sampled_from(["job-0", "job-1", "job-2"])
HOURS: Final = st.sampled_from([0, 1, 4, 5, 23, 24, 100])
ENDS: Final = st.sampled_from(["completed", "completed", "completed", "failed", "died"])
LONG: Final = st.sampled_from([0, 5, 24, 25, 100, 101])
WORDS: Final = st.fixed_dictionaries(
    {"deliverables": st.booleans(), "include_failed": st.booleans(), "delete": st.booleans()}
)
BEGINNINGS: Final = st.sampled_from(["", "temp_", "gold_", "loose-", "early-", "nobody-"])
BOTH: Final = frozenset({"completed", "failed"})
_RELEASE: Final = "plan with `--release"


def _one_of(some: Sequence[T], which: int) -> T:
    return some[which % len(some)]


class LifeOfJobs(RuleBasedStateMachine):
    """One root and everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.lives: dict[str, Life] = {}
        self.items: dict[Path, Item] = {}
        self.turn = 0
        self.spent: set[str] = set()
        """Files of several jobs that are gone: who still names them is for no machine to know."""
        self.said = Said()
        self.rules: tuple[Rule, ...] = ()

    @initialize(folder=FOLDERS, sketches=SKETCHES, more=SKETCHES, data=st.data())
    def open(self, folder: Folder, sketches: list[Sketch], more: list[Sketch], data: st.DataObject) -> None:
        """A root with drawn layouts and settings, no rules, a job that ended and one that runs."""
        self.folder = folder
        self.said = data.draw(said_settings(folder))
        self.made = self.stack.enter_context(stage(self._folder()))
        self.start("job-0", sketches, data)
        self.finish(0, data.draw(ENDS))
        self.start("job-1", more, data)

    def teardown(self) -> None:
        """Take the root away."""
        self.stack.close()

    # What jobs do.

    @rule(job_id=IDS, sketches=SKETCHES, data=st.data())
    def start(self, job_id: str, sketches: list[Sketch], data: st.DataObject) -> None:
        """A job starts, for the first time or again, and writes files; one that runs does not start."""
        life = self.lives.get(job_id)
        if life is not None and life.status == "running":
            with pytest.raises(JobRunningError):
                self.made.start(life.asked)
            return
        asked = life.asked if life is not None else self._ask(job_id, data)
        own = data.draw(st.one_of(st.none(), own_policies(self.folder)))
        context = self.made.start(asked, own)
        assert all(path.is_dir() for _, path in context.directories.each())
        self.lives[job_id] = Life(asked, "running", own, self.made.clock.instant)
        self._write(self.lives[job_id], sketches)

    def _ask(self, job_id: str, data: st.DataObject) -> Asked:
        layout = self.folder.layouts[data.draw(st.sampled_from(sorted(self.folder.layouts)))]
        return Asked(job_id, layout, data.draw(parameters_of(layout)))

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 2), sketches=SKETCHES)
    def work(self, which: int, sketches: list[Sketch]) -> None:
        """A running job writes files and declares them, or leaves that to the place where they lie."""
        self._write(_one_of(self._running(), which), sketches)

    def _write(self, life: Life, sketches: list[Sketch]) -> None:
        for sketch in sketches:
            below = where(life.asked, sketch)
            file = write(self.made, life.asked, sketch) if below not in self.spent else None
            if file is None:
                continue
            item = self.items.setdefault(file.path, Item(file.path))
            item.wrote(self.made.clock.instant)
            if file.tracked:
                item.owners[life.asked.job_id] = file
            else:
                item.nobodys = file
            if sketch.declares:
                life.last_sign = self.made.clock.instant

    @precondition(lambda self: self._running() and self.items)
    @rule(which=st.integers(0, 2), other=st.integers(0, 40))
    def share(self, which: int, other: int) -> None:
        """A running job names a file that is there already and lies in no workspace."""
        life, item = _one_of(self._running(), which), self._item(other)
        if any(item.path.is_relative_to(self.made.top / one.asked.workspace) for one in self.lives.values()):
            return
        file_type = next((view.file_type for _, view in item.views() if view.tracked), "odd_one")
        self.made.jobs.tracker.add_file(life.asked.job_id, item.path, file_type)
        some = next(view for _, view in item.views())
        view = as_owned_by(self.made, life.asked, replace(some, declared=True, file_type=file_type))
        item.owners[life.asked.job_id] = view
        life.last_sign = self.made.clock.instant

    @precondition(lambda self: self.items)
    @rule(which=st.integers(0, 40))
    def touch(self, which: int) -> None:
        """Somebody writes to a file, whosever it is and whether its job has ended or not."""
        item = self._item(which)
        self.made.write(item.path, b"4567")
        item.wrote(self.made.clock.instant)

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 2), end=ENDS)
    def finish(self, which: int, end: str) -> None:
        """A job ends; where it is sealed, that cleans what is due, of any job: never more, and maybe later."""
        life = _one_of(self._running(), which)
        life.status, life.ended = end, self.made.clock.instant
        if end == "died":
            self.made.die(life.asked.job_id)
            return
        may_go = self._due(self.said, self.rules)
        before = self.made.files()
        result = self.made.jobs.complete_job(life.asked.job_id, success=end == "completed")
        gone = before - self.made.files()
        assert gone == before.intersection(result.removed)
        assert gone <= may_go
        self._drop(gone)
        event(f"a job that finishes takes {'something' if gone else 'nothing'}")

    # What time and people do.

    @rule(hours=HOURS)
    def wait(self, hours: int) -> None:
        """Hours pass."""
        self.made.clock.move_hours(hours)

    @rule(some=rules(), data=st.data())
    def change_policies(self, some: tuple[Rule, ...], data: st.DataObject) -> None:
        """Somebody writes other settings and rules."""
        self.said, self.rules = data.draw(said_settings(self.folder)), some
        self.made.change(self._folder())

    # What cleans, after some time has passed: twice, because the first look may find that a seal was wrong.

    @precondition(lambda self: self._can_clean())
    @rule(hours=LONG)
    def nightly(self, hours: int) -> None:
        """The nightly run takes what is due."""
        self.made.clock.move_hours(hours)
        self._cleans(self._due(self.said, self.rules), self.made.nightly)

    @precondition(lambda self: self._can_clean())
    @rule(which=st.integers(0, 2), preserve=st.booleans(), hours=LONG)
    def clean_job(self, which: int, preserve: bool, hours: int) -> None:
        """What is due of one job goes; a call may lift the preservation that the settings order."""
        self.made.clock.move_hours(hours)
        job_id = sorted(self.lives)[which % len(self.lives)]
        said = self.said if preserve else replace(self.said, preserve=0)
        due = {path for path in self._due(said, self.rules) if job_id in self.items[path].owners}
        self._cleans(due, lambda: self.made.jobs.cleanup.cleanup_job(job_id, preserve))

    @precondition(lambda self: self._can_clean())
    @rule(age=HOURS, hours=LONG)
    def clean_by_age(self, age: int, hours: int) -> None:
        """One more rule takes part, for the length of the call."""
        self.made.clock.move_hours(hours)
        by_age = Rule("by age", hours=max(age, self.said.retention), statuses=BOTH)
        due = self._due(self.said, (*self.rules, by_age))
        self._cleans(due, lambda: self.made.jobs.cleanup.cleanup_by_age(age))

    @precondition(lambda self: self._can_clean())
    @rule(begins=BEGINNINGS, age=st.one_of(st.none(), HOURS), hours=LONG, words=WORDS)
    def clean_by_hand(self, begins: str, age: int | None, hours: int, words: Mapping[str, bool]) -> None:
        """One rule takes the place of all that remove; looked at dry before."""
        self.made.clock.move_hours(hours)
        wait = self.said.retention if age is None else age
        manual = Rule(
            "manual", begins=begins, hours=wait, statuses=BOTH, any_file=True, deliverables=words["deliverables"]
        )
        said = replace(self.said, preserve=0) if words["include_failed"] else self.said
        due = self._due(said, self.rules, manual)
        clean = partial(
            self.made.jobs.cleanup.manual_cleanup,
            f"{begins}*" if begins else "/**",
            older_than=None if age is None else f"{age}h",
            **words,
        )
        assert clean(dry_run=True).dry_run
        assert self.made.files() == set(self.items)
        self._cleans(due, clean)

    # What holds after every step.

    @invariant()
    def nothing_is_gone_that_no_cleanup_took(self) -> None:
        """The disk holds what was written and nothing took: the claim of every step, seen on the disk."""
        if self.lives:
            assert self.made.files() == set(self.items)

    @invariant()
    def the_manifest_of_every_job_is_there(self) -> None:
        """As long as anything is left to clean, and after; it names what was declared and is still on the disk."""
        for job_id, life in self.lives.items():
            # One a step, in turn: reading all of them at each is most of the time.
            self.turn += 1
            if self.turn % len(self.lives):
                continue
            manifest = self.made.jobs.tracker.get_manifest(job_id)
            assert manifest.status == ("abandoned" if life.status == "died" else life.status)
            named = {path for files in manifest.files.values() for path in files}
            views = (item.owners.get(job_id) for item in self.items.values())
            assert named >= {view.path for view in views if view is not None and view.declared}

    # What the machine knows.

    def _folder(self) -> Folder:
        return Folder(self.folder.layouts, tuple(one.to_policy() for one in self.rules), self.said.to_settings())

    def _running(self) -> list[Life]:
        return [life for _, life in sorted(self.lives.items()) if life.status == "running"]

    def _item(self, which: int) -> Item:
        return _one_of([item for _, item in sorted(self.items.items())], which)

    def _can_clean(self) -> bool:
        return bool(self.items) and len(self._running()) < len(self.lives)

    def _due(self, said: Said, some: Iterable[Rule], manual: Rule | None = None) -> set[Path]:
        """What goes now by the words of the design."""
        every = tuple(some)
        return {path for path, item in self.items.items() if self._goes(item, said, every, manual)}

    def _goes(self, item: Item, said: Said, some: tuple[Rule, ...], manual: Rule | None) -> bool:
        for job_id, view in item.views():
            known = [] if job_id is None else [self.lives[job_id].known()]
            due = due_at(view, known, said, some, manual=manual)
            if due is None or due > self.made.clock.instant:
                return False
        return True

    def _cleans(self, due: set[Path], clean: Callable[[], Any]) -> None:
        """A cleanup takes what is due and nothing else."""
        before = self.made.files()
        for _ in range(2):
            why_not = self._why_not(clean)
            if why_not:
                # What a keep rule protected that is said no more is never let go by itself.
                assert all(_RELEASE in why for why in why_not)
                due = set()
        assert self.made.files() == before - due
        self._drop(due)
        event(f"cleaning takes {'something' if due else 'nothing'}")

    @staticmethod
    def _why_not(clean: Callable[[], Any]) -> list[str]:
        """Clean; why that was not done, if so."""
        try:
            result = clean()
        except RefusedError as err:
            return [str(err)]
        if isinstance(result, CleanupResult):
            assert not result.failed
            return list(result.deferred)
        return []

    def _drop(self, gone: Iterable[Path]) -> None:
        for path in gone:
            if len(self.items.pop(path).owners) > 1:
                self.spent.add(self.made.below(path))


# Feature: file-system-cleanup, Property 2: Successful Job Cleanup
# Feature: file-system-cleanup, Property 3: Failed Job Preservation
# Feature: file-system-cleanup, Property 5: Manifest Lifecycle Management
# Feature: file-system-cleanup, Property 6: Configuration Policy Respect
# Feature: file-system-cleanup, Property 7: Manual Cleanup Availability
# Feature: file-system-cleanup, Property 9: Retention Period Enforcement
TestLifeOfJobs = LifeOfJobs.TestCase
TestLifeOfJobs.settings = settings(PROPERTY, max_examples=EXAMPLES, stateful_step_count=25)
