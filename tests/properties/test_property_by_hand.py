"""Properties 7 and 8: cleanup by hand, whatever the switches say; and what a cleanup could not do, by name."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drawn_policies import PROPERTY, Folder, folders
from hypothesis import assume, event, given
from hypothesis import strategies as st
from other_users import give_away, ordinary_user
from scenario import Made, paths, scripts, work
from seed_words import Known, Rule, Said, due_at, own_policies, rules
from stage import Stage, stage

from rules_engine.jobs.models import CleanupResult
from rules_engine.values.text import escape

FOLDERS: Final = folders()
BOTH: Final = frozenset({"completed", "failed"})


@dataclass(frozen=True)
class ByHand:
    """What a person asks for."""

    begins: str
    age: int | None
    words: Mapping[str, bool]

    @property
    def pattern(self) -> str:
        """As it is written on a command line."""
        return f"{self.begins}*" if self.begins else "/**"

    def rule(self, said: Said) -> Rule:
        """The one rule that it stands for."""
        hours = said.retention if self.age is None else self.age
        deliverables = self.words["deliverables"]
        return Rule("", begins=self.begins, hours=hours, statuses=BOTH, any_file=True, deliverables=deliverables)


SWITCHES: Final = st.builds(
    Said,
    enabled=st.booleans(),
    retention=st.sampled_from([0, 5, 24]),
    preserve=st.sampled_from([True, 1, 24]),
    types=st.sampled_from([None, ("undeclared",)]),
    debug=st.booleans(),
)
REQUESTS: Final = st.builds(
    ByHand,
    st.sampled_from(["", "", "temp_", "gold_", "loose-", "job-", "nobody-"]),
    st.sampled_from([None, 0, 1, 24]),
    st.fixed_dictionaries({one: st.booleans() for one in ("deliverables", "include_failed", "delete")}),
)


# Feature: file-system-cleanup, Property 7: Manual Cleanup Availability
@PROPERTY
@given(st.data(), FOLDERS, rules(), REQUESTS)
def test_manual_cleanup_works_whatever_automatic_cleanup_is_told(
    data: st.DataObject, folder: Folder, some: tuple[Rule, ...], asked: ByHand
) -> None:
    """Off, in debug mode, or with other rules: it takes what its pattern says and nothing protects, first dry."""
    said = data.draw(SWITCHES)
    with stage(Folder(folder.layouts, tuple(one.to_policy() for one in some), said.to_settings())) as made:
        written, known = _ended_jobs(made, data, folder)
        made.clock.move_hours(data.draw(st.sampled_from([5, 30, 200])))
        shown = Said(preserve=0) if asked.words["include_failed"] else said
        goes = set()
        for one in written:
            owners = [known[one.job.job_id]] if one.tracked else []
            due = due_at(one, owners, shown, some, manual=asked.rule(said))
            if one.path.exists() and due is not None and due <= made.clock.instant:
                goes.add(one.path)
        _clean_by_hand(made, asked, goes)
        event(f"automatic cleanup {'on' if said.automatic else 'off'}: {'something' if goes else 'nothing'} goes")


def _ended_jobs(made: Stage, data: st.DataObject, folder: Folder) -> tuple[list[Made], dict[str, Known]]:
    written, known = [], {}
    for job, sketches in data.draw(scripts(folder)):
        own = data.draw(st.one_of(st.none(), st.none(), own_policies(folder)))
        made.start(job, own)
        written += work(made, job, sketches)
        end = data.draw(st.sampled_from(["completed", "completed", "failed", "running"]))
        known[job.job_id] = Known(end, made.clock.instant, own)
    for job_id, one in known.items():
        made.end(job_id, one.status)
    return written, known


def _clean_by_hand(made: Stage, asked: ByHand, goes: set[Path]) -> None:
    before = made.files()
    older = None if asked.age is None else f"{asked.age}h"
    dry = made.jobs.cleanup.manual_cleanup(asked.pattern, dry_run=True, older_than=older, **asked.words)
    assert set(dry.would_remove) & before == goes
    assert made.files() == before
    result = made.jobs.cleanup.manual_cleanup(asked.pattern, older_than=older, **asked.words)
    assert result.ok
    assert set(result.removed) & before == goes
    assert made.files() == before - goes
    in_trash = {path.name for path in (made.top / ".rules").glob("trash/*/**/*")}
    assert asked.words["delete"] or in_trash >= {path.name for path in goes}


# Feature: file-system-cleanup, Property 8: Cleanup Error Logging
@PROPERTY
@given(st.data(), FOLDERS, st.sampled_from(["finish", "job", "age", "by hand"]))
def test_what_could_not_be_removed_is_logged_file_by_file(data: st.DataObject, folder: Folder, way: str) -> None:
    """Each with its cause; the rest goes, the job is completed, and the next cleanup takes what was left."""
    retention = 0 if way == "finish" else 1
    with stage(folder.with_settings(**Said(retention=retention).to_settings())) as made:
        [(job, sketches)] = data.draw(scripts(folder, most=1))
        made.start(job)
        temporary = [one for one in work(made, job, sketches) if one.temporary]
        assume(temporary)
        closed = data.draw(st.sets(st.sampled_from(sorted({one.path.parent for one in temporary})), min_size=1))
        give_away(made.jobs.root)
        os.chmod(made.scratch, 0o755)  # noqa: S103 - another user has to pass
        with ordinary_user():
            if way != "finish":
                made.jobs.complete_job(job.job_id, success=True)
                made.clock.move_hours(1)
            with _closed(closed):
                result = _clean(made, way, job.job_id)
                stuck = {one.path for one in temporary if one.path.parent in closed}
                assert made.files() & paths(temporary) == stuck
                assert set(result.failed) & paths(temporary) == stuck
                for path, cause in result.failed.items():
                    assert cause == "Permission denied"
                    assert f"cleanup: `{escape(str(path))}` could not be removed: {cause}" in made.said
            assert made.jobs.tracker.get_manifest(job.job_id).status == "completed"
            # A later moment is another plan; the same plan again would be the same run, with the same outcomes.
            made.clock.move_hours(1)
            made.jobs.cleanup.cleanup_job(job.job_id)
        assert not made.files() & paths(temporary)


@contextmanager
def _closed(directories: set[Path]) -> Iterator[None]:
    """Directories in which nobody but the superuser may change anything."""
    for one in directories:
        one.chmod(0o555)
    try:
        yield
    finally:
        for one in directories:
            one.chmod(0o755)


def _clean(made: Stage, way: str, job_id: str) -> CleanupResult:
    cleanup = made.jobs.cleanup
    match way:
        case "finish":
            return made.jobs.complete_job(job_id, success=True)
        case "job":
            return cleanup.cleanup_job(job_id)
        case "age":
            return cleanup.cleanup_by_age(0)
        case _:
            return cleanup.manual_cleanup("/**", older_than="0s", delete=True)
