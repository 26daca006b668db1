"""What the seed and the policies say of one file, written a second time and without any of the code that decides.

`due_at` is the answer that every cleanup is held against: the instant from which a file may go, and goes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from drawn_policies import Folder
from hypothesis import strategies as st
from scenario import Made, types_of

from rules_engine.jobs.models import CleanupPolicy
from rules_engine.values.quantities import HOUR

HOURS: Final = (0, 1, 5, 24, 100)
NEVER: Final = None


@dataclass(frozen=True)
class Known:
    """What is known of a job: how it ended and when, and the cleanup policy that it was started with."""

    status: str = "running"
    ended: int = 0
    own: CleanupPolicy | None = None


@dataclass(frozen=True)
class Said:
    """What the settings say of cleanup; hours, `preserve` also True or False."""

    enabled: bool = True
    retention: int = 24
    preserve: int | bool = True
    types: tuple[str, ...] | None = None
    debug: bool = False
    debug_disables: bool = True

    def to_settings(self) -> dict[str, Any]:
        """The settings as YAML writes them."""
        preserve = self.preserve if isinstance(self.preserve, bool) else f"{self.preserve}h"
        cleanup: dict[str, Any] = {
            "enabled": self.enabled,
            "retention": f"{self.retention}h",
            "preserve_on_failure": preserve,
            "debug_mode_disables": self.debug_disables,
        }
        if self.types is not None:
            cleanup["file_types"] = list(self.types)
        return {"debug": self.debug, "cleanup": cleanup}

    @property
    def automatic(self) -> bool:
        """Whether automatic cleanup takes anything."""
        return self.enabled and not (self.debug and self.debug_disables)


@dataclass(frozen=True)
class Rule:
    """One rule: what it says to YAML, and to whoever reads it here."""

    name: str
    action: str = "delete"
    place: str | None = None
    begins: str | None = None
    """The names that it is about, by their beginning."""
    hours: int = 0
    deliverables: bool = False
    statuses: frozenset[str] = frozenset({"completed"})
    any_file: bool = False
    """Manual cleanup is about tracked and untracked files."""

    def to_policy(self) -> dict[str, Any]:
        """The entry of a cleanup policy."""
        files: dict[str, Any] = {"in": self.place} if self.place else {}
        if self.begins is not None:
            files["match"] = [f"{self.begins}*"]
        if self.action == "keep":
            return {"name": self.name, "files": files, "action": "keep"}
        said = {"name": self.name, "jobs": {"status": sorted(self.statuses)}, "after": f"{self.hours}h"}
        return {**said, "files": files, "deliverables": self.deliverables, "action": self.action}

    def selects(self, file: Made, status: str | None) -> bool:
        """Whether the rule is about a file of a job with that status; None: of no job."""
        if self.begins is not None and not file.path.name.startswith(self.begins):
            return False
        if self.place is not None and file.place != self.place:
            return False
        if self.action == "keep":
            return True
        if status is None:
            return self.any_file
        return status in self.statuses and (not file.deliverable or self.deliverables)


KEEP: Final = Rule("gold", "keep", begins="gold_")


def rules() -> st.SearchStrategy[tuple[Rule, ...]]:
    """Any combination of a keep rule and up to three removals."""
    hours = st.sampled_from(HOURS)
    return st.tuples(
        st.sampled_from([(), (KEEP,)]),
        st.one_of(st.just(()), hours.map(lambda one: (Rule("scratch", place="workspace", hours=one),))),
        st.one_of(st.just(()), hours.map(lambda one: (Rule("temps", begins="temp_", action="trash", hours=one),))),
        st.one_of(st.just(()), hours.map(lambda one: (Rule("old", place="output", deliverables=True, hours=one),))),
    ).map(lambda some: tuple(rule for each in some for rule in each))


@st.composite
def said_settings(draw: st.DrawFn, folder: Folder) -> Said:
    """Any combination of what the settings of cleanup can say."""
    types = draw(st.sampled_from([None, None, types_of(folder)[:1], types_of(folder)]))
    return Said(
        enabled=draw(st.sampled_from([True] * 5 + [False])),
        retention=draw(st.sampled_from(HOURS)),
        preserve=draw(st.sampled_from([True, False, *HOURS])),
        types=None if types is None else tuple(types),
        debug=draw(st.sampled_from([False] * 5 + [True])),
        debug_disables=draw(st.booleans()),
    )


def own_policies(folder: Folder) -> st.SearchStrategy[CleanupPolicy | None]:
    """None, or any policy that a job may be started with."""
    drawn = st.builds(
        CleanupPolicy,
        enabled=st.sampled_from([True] * 5 + [False]),
        retention_hours=st.sampled_from(HOURS),
        file_types_to_clean=st.sampled_from([None, types_of(folder)[:1], types_of(folder)]),
        preserve_hours=st.sampled_from([None, *HOURS]),
        debug_mode_disables=st.booleans(),
    )
    careless = drawn.map(lambda one: replace(one, preserve_on_failure=False, preserve_hours=None))
    return st.one_of(st.none(), drawn, careless)


def due_at(
    file: Made, known: Sequence[Known], said: Said, rules: Iterable[Rule], *, manual: Rule | None = None
) -> int | None:
    """The instant from which a file of these owners goes; NEVER where it stays. With `manual`, by that rule alone."""
    every = tuple(rules)
    kept = any(rule.action == "keep" and rule.selects(file, None) for rule in every)
    if kept or (manual is None and not said.automatic):
        return NEVER
    if not known:
        return file.changed + manual.hours * HOUR if manual is not None and manual.selects(file, None) else NEVER
    each = [_due_for(file, one, said, every, manual) for one in known]
    return NEVER if None in each else max(one for one in each if one is not None)


def _due_for(file: Made, known: Known, said: Said, rules: tuple[Rule, ...], manual: Rule | None) -> int | None:
    """As if this owner were the only one."""
    own = known.own
    if known.status == "running" or (own is not None and not own.enabled):
        return NEVER
    if manual is None and own is not None and said.debug and own.debug_mode_disables:
        return NEVER
    limits = [own.file_types_to_clean if own is not None else None, said.types if manual is None else None]
    if not file.deliverable and any(one is not None and file.file_type not in one for one in limits):
        return NEVER
    waits = _waits(file, known, said, rules, manual)
    return max(waits) if waits and None not in waits else NEVER


def _waits(file: Made, known: Known, said: Said, rules: tuple[Rule, ...], manual: Rule | None) -> list[Any]:
    base = max(known.ended, file.changed)
    removals = [manual] if manual is not None else [rule for rule in rules if rule.action != "keep"]
    waits: list[int | None] = [base + one.hours * HOUR for one in removals if one.selects(file, known.status)]
    if not waits and manual is None and not file.deliverable:
        built_in = _preserved(base, said.preserve) if known.status == "failed" else base
        waits += [base + said.retention * HOUR, built_in]
    if not waits:
        return []
    own = known.own
    if known.status == "failed":
        waits.append(_preserved(known.ended, said.preserve))
        if own is not None:
            preserve = own.preserve_on_failure if own.preserve_hours is None else own.preserve_hours
            waits.append(_preserved(known.ended, preserve))
    if own is not None:
        waits.append(known.ended + own.retention_hours * HOUR)
    return waits


def _preserved(ended: int, how_long: int | bool) -> int | None:
    if how_long is True:
        return NEVER
    return ended + int(how_long) * HOUR
