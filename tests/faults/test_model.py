"""A root over days against a plain dictionary that only says what must not go, and where a file may be."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from model_place import Place, place
from model_rules import RULES, File, Job
from model_runs import Run, Runs, note, where_is

from rules_engine.apply.model import StalePlanError
from rules_engine.errors import RulesError

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "25"))
KILLS = st.one_of(st.none(), st.integers(0, 60))
IDS = st.sampled_from(["j0", "j1", "j2"])
IN_JOBS = (
    *("scratch/{}/slides/a.png", "scratch/{}/slides/gold.png", "scratch/{}/temp/b.tmp", "scratch/{}/slides/sub/c"),
    *("out/{}/videos/film.mkv", "out/{}/videos/gold.mkv", "out/{}/videos/d.tmp"),
)
LOOSE_PATHS = ("loose/e.tmp", "loose/gold.tmp", "loose/d/f", "loose/d/sub/g.tmp", "h.tmp", "loose/-rf \n.tmp")
PLACES, LOOSE = st.sampled_from(IN_JOBS), st.sampled_from(LOOSE_PATHS)
PINS = st.sampled_from(
    ["loose", "loose/d", "scratch/j0", "scratch/j1/slides", "out/j0", "h.tmp", "out/j1/videos/film.mkv"]
)
MARKS = st.sampled_from(["loose/", "loose/d/", "scratch/j0/slides/", "scratch/j1/", "out/j2/"])


class Model(Runs):
    """One root, and what must hold of it whatever happens.

    Preconditions ask the model only: the ids of runs differ each time, and Hypothesis may live a life twice.
    """

    @initialize(without=st.sets(st.sampled_from(sorted(RULES)), max_size=4))
    def open(self, without: set[str]) -> None:
        """A root with most of the rules, a job that ended, one that runs, and files of all kinds."""
        self.place: Place = self.stack.enter_context(place())
        self._set_rules(set(RULES) - without)
        for job_id in ("j0", "j1"):
            self.start(job_id)
            for number, where in enumerate(IN_JOBS):
                file = self._write(where.format(job_id), link=number == 1)
                if number % 2:
                    self._declare(job_id, file)
        for where in LOOSE_PATHS:
            self._write(where, link=False)
        self.finish(0, "completed")

    def teardown(self) -> None:
        """Take the root away."""
        self.stack.close()

    # What jobs and people do.

    @rule(job_id=IDS)
    def start(self, job_id: str) -> None:
        """A job starts, for the first time or again."""
        job = self.world.jobs.get(job_id)
        if job is None or (job.status != "running" and job.damaged is None):
            self.place.jobs.start_job(job_id, "clip")
            self.world.jobs[job_id] = Job("running", self.now)

    @precondition(lambda self: self.running())
    @rule(which=st.integers(0, 2), where=PLACES, declares=st.booleans(), link=st.booleans())
    def work(self, which: int, where: str, declares: bool, link: bool) -> None:
        """A running job writes a file or a link and declares it, or leaves that to the place where it lies."""
        job_id = self.one(self.running(), which)
        file = self._write(where.format(job_id), link=link)
        if declares:
            self._declare(job_id, file)

    @precondition(lambda self: self.running())
    @rule(which=st.integers(0, 2), number=st.integers(0, 40))
    def share(self, which: int, number: int) -> None:
        """A running job names a file of another that lies in no workspace."""
        there = [one for one in self.there() if one.workspace_of is None and one.path.startswith("out/")]
        if there:
            self._declare(self.one(self.running(), which), there[number % len(there)])

    def _declare(self, job_id: str, file: File) -> None:
        file_type = "slide" if file.path.startswith("scratch/") else "video"
        self.place.jobs.tracker.add_file(job_id, self.place.top / file.path, file_type)
        file.declared.add(job_id)
        self.world.jobs[job_id].last = self.now

    @rule(where=LOOSE, link=st.booleans())
    def drop(self, where: str, link: bool) -> None:
        """Somebody writes a file that is nobody's."""
        self._write(where, link=link)

    @rule(where=MARKS)
    def mark(self, where: str) -> None:
        """Somebody puts a keep marker into a directory."""
        if (self.place.top / where).is_dir():
            self._write(f"{where}.rules-keep", link=False)

    @rule()
    def unmark(self) -> None:
        """Somebody takes all keep markers away."""
        for file in self.there():
            if file.path.endswith(".rules-keep"):
                (self.place.top / file.path).unlink()
                del self.world.files[file.content]

    def _write(self, path: str, *, link: bool) -> File:
        self.turn += 1
        content = f"{'link:' if link else ''}{self.turn}"
        old = self.world.at(path)
        # A file that is written anew is another one; what a job declared is a path.
        declared = set(old.declared) if old else set()
        declared |= {one for file in self.world.files.values() if file.path == path for one in file.declared}
        if old is not None:
            del self.world.files[old.content]
        self.place.write(path, content)
        self.world.files[content] = File(path, content, self.now, declared)
        return self.world.files[content]

    @precondition(lambda self: self.running())
    @rule(which=st.integers(0, 2), end=st.sampled_from(["completed", "completed", "failed", "died"]))
    def finish(self, which: int, end: str) -> None:
        """A job ends well, badly, or with its process."""
        job_id = self.one(self.running(), which)
        if end == "died":
            self.place.die(job_id)
        else:
            self.place.jobs.complete_job(job_id, success=end == "completed")
            self.world.jobs[job_id].last = self.now
        self.world.jobs[job_id].status = end

    @rule(names=st.sets(st.sampled_from(sorted(RULES)), min_size=1, max_size=2))
    def change_rules(self, names: set[str]) -> None:
        """Somebody adds rules that are not there, and takes those away that are."""
        self._set_rules(self.world.rules ^ names)

    def _set_rules(self, names: set[str]) -> None:
        self.world.rules = set(names)
        self.place.set_rules([RULES[name].said for name in sorted(names)])

    @rule(path=PINS)
    def pin(self, path: str) -> None:
        """Somebody pins a path."""
        self.place.jobs.pin(self.place.top / path)
        self.world.pins.add(path)

    @precondition(lambda self: self.world.pins)
    @rule()
    def unpin(self) -> None:
        """Somebody takes all pins away."""
        while self.world.pins:
            self.place.jobs.unpin(self.place.top / self.world.pins.pop())

    # What disks do.

    @precondition(lambda self: any(job.status == "died" and job.damaged is None for job in self.world.jobs.values()))
    @rule(place=st.integers(0, 10_000), bit=st.integers(0, 7))
    def flip_in_log(self, place: int, bit: int) -> None:
        """A byte turns in the log of a job that no seal covers: the job is untrusted until it turns back."""
        job_id = next(one for one, job in self.world.jobs.items() if job.status == "died" and job.damaged is None)
        (log,) = (self.place.top / ".rules/manifests").glob(f"{job_id}@*")
        before = log.read_bytes()
        # Not in the last line: a line without its end is what a killed writer leaves, and names what is not there yet.
        at = place % before.index(b"\n")
        after = before[:at] + bytes([before[at] ^ 1 << bit]) + before[at + 1 :]
        log.write_bytes(after)
        self.world.jobs[job_id].damaged = (str(log), before, after)

    @precondition(lambda self: any(job.damaged is not None for job in self.world.jobs.values()))
    @rule()
    def heal(self) -> None:
        """Somebody brings all logs back from a backup."""
        for job in self.world.jobs.values():
            if job.damaged is not None:
                path, before, after = job.damaged
                with open(path, "rb") as log:
                    assert log.read() == after
                with open(path, "wb") as log:
                    log.write(before)
                job.damaged = None

    @rule(which=st.integers(0, 2), place=st.integers(0, 10_000), bit=st.integers(0, 7))
    def flip_in_seal(self, which: int, place: int, bit: int) -> None:
        """A byte turns in a seal, and back after a plan: the logs say the same, or nothing goes."""
        if not self.place.folder_names("sealed"):
            return
        seal = self.place.top / ".rules/sealed" / self.one(self.place.folder_names("sealed"), which)
        before = seal.read_bytes()
        at = place % len(before)
        seal.write_bytes(before[:at] + bytes([before[at] ^ 1 << bit]) + before[at + 1 :])
        try:
            self.make_plan()
            self.apply_plan(None)
        finally:
            seal.write_bytes(before)

    # What the tool does.

    @rule(hours=st.sampled_from([6, 1, 0]))
    def make_plan(self, hours: int = 0) -> None:
        """A plan of everything, some hours later, which writes nothing."""
        self.place.clock.move_hours(hours)
        before = self.place.everything()
        self.place.plan = None
        try:
            self.place.make_plan()
        except RulesError as err:
            note(f"no plan: {type(err).__name__}")
        assert self.place.everything() == before
        there = [one for one in self.there() if self.world.may_go(one, self.now)]
        self.planned = Run(
            {one.content for one in there},
            {one.content for one in there if self.world.may_be_deleted(one, self.now)},
        )

    @rule(hours=st.sampled_from([6, 6, 0]), kill=KILLS)
    def nightly(self, hours: int, kill: int | None) -> None:
        """Plan and apply in one go, some hours later."""
        self.make_plan(hours)
        self.apply_plan(kill)

    @rule(kill=KILLS)
    def apply_plan(self, kill: int | None) -> None:
        """The plan that was made last is applied, however long ago, and may be killed at any call."""
        plan = self.place.plan
        if plan is not None:
            self.carry_out(lambda: self.place.apply(plan), self.planned, kill)

    @rule(which=st.integers(0, 5), kill=KILLS)
    def restore(self, which: int, kill: int | None) -> None:
        """What a run set aside is put back."""
        if not self.place.folder_names("trash"):
            return
        run_id = self.one(self.place.folder_names("trash"), which)
        try:
            self.place.make_restore(run_id)
        except RulesError:
            return
        self.planned = Run(set())
        self.apply_plan(kill)
        self.place.plan = None

    @rule(kill=KILLS)
    def empty_trash(self, kill: int | None) -> None:
        """The trash is emptied, but for what is pinned."""
        if not self.place.folder_names("trash"):
            return
        self.place.make_emptying()
        self.planned = Run(set(), empties=True)
        self.apply_plan(kill)
        self.place.plan = None

    @rule(which=st.integers(0, 5), kill=KILLS)
    def go_on(self, which: int, kill: int | None) -> None:
        """A run that was killed is gone on with, and may be killed again."""
        if not self.cut:
            return
        run_id = self.one(sorted(self.cut), which)
        self.carry_out(lambda: self.place.apply(self.place.plan_of(run_id)), self.cut[run_id], kill)

    @rule(which=st.integers(0, 5))
    def go_on_with_closed(self, which: int) -> None:
        """A run that a newer one closed is not gone on with."""
        if not self.closed:
            return
        run_id = self.one(sorted(self.closed), which)
        before = self.place.contents()
        with pytest.raises(StalePlanError):
            self.place.apply(self.place.plan_of(run_id))
        assert self.place.contents() == before

    # What holds after every step.

    @invariant()
    def each_file_lies_in_one_place_where_the_model_knows_it(self) -> None:
        """Whole, once, and nothing else is there."""
        found = self.place.contents()
        known = {file.content: file.where for file in self.world.files.values() if file.where != "gone"}
        assert set(found) == set(known)
        for file in self.world.files.values():
            assert where_is(file, found.get(file.content, [])) == file.where


HOW = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
TestModel = Model.TestCase
TestModel.settings = HOW
TestModel.pytestmark = [pytest.mark.slow]
