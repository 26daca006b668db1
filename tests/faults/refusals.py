"""Which calls are refused with which error, and what must be true however a command ends after it."""

import errno
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from shim import Answer, Case, Fault, Server

MODULE: Final = Path(__file__).with_name("refusing.py")
CHANGING: Final = ("apply", "restore", "trash-empty", "job-finish", "manifest-repair", "pin", "unpin")
"""The commands of which each call is refused that changes something."""
LOOKING: Final = ("plan", "apply")
"""The commands of which each call is refused that looks at something below the root."""
ERRORS: Final = (
    *(("EBUSY", times) for times in (1, 2, -1)),
    ("ESTALE", 1),
    *((name, 1) for name in ("EIO", "ENOSPC", "EROFS", "EACCES", "EPERM", "EMFILE")),
    # As a disk that is gone, or full, for good.
    *((name, -1) for name in ("EIO", "ENOSPC", "EROFS")),
)
LOOKING_ERRORS: Final = (*((name, 1) for name in ("EIO", "EACCES", "ESTALE", "EMFILE")), ("EIO", -1))
_CODES: Final = frozenset({0, 3, 6, 9})
_NEVER: Final = ("Traceback", "defect", "unexpected")
_REFUSES: Final = "the system refuses"
_BY_HAND: Final = ("links/", "gone/", "jobs/")
"""Steps that no later plan makes: links of a layout and what was to come back."""


@dataclass(frozen=True, order=True)
class Refusal:
    """One call of one command, and what the system says to it."""

    command: str
    at: int
    error: str
    times: int
    looking: bool = False

    @property
    def case(self) -> Case:
        """As the shim is told."""
        fault = Fault.LOOK if self.looking else Fault.ERROR
        return Case(fault, self.at, getattr(errno, self.error), self.times)

    def __str__(self) -> str:
        often = {1: "once", 2: "twice", -1: "for ever"}[self.times]
        return f"{self.command}, {'look' if self.looking else 'change'} {self.at}, {self.error} {often}"


@dataclass
class Bench:
    """A server, with what each command comes to when nothing is refused."""

    server: Server
    place: Path
    ended: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often a command ended with a code."""
    _undisturbed: dict[str, tuple[Answer, Any]] = field(default_factory=dict)
    _calls: dict[tuple[str, bool], tuple[str, ...]] = field(default_factory=dict)

    def calls(self, command: str, *, looking: bool) -> tuple[str, ...]:
        """The calls that the command makes when nothing is refused."""
        if (command, looking) not in self._calls:
            case = Case(Fault.LOOK if looking else Fault.COUNT)
            with self.scene() as top:
                answer = self.server.run("attempt", case, prepare="make", name=command, top=top)
            self._calls[command, looking] = answer.calls
        return self._calls[command, looking]

    def refusals(self, commands: Iterable[str], errors: Iterable[tuple[str, int]], *, looking: bool) -> list[Refusal]:
        """Every call of these commands with each of the errors."""
        return [
            Refusal(command, at, *error, looking)
            for command in commands
            for error in errors
            for at in range(1, len(self.calls(command, looking=looking)) + 1)
        ]

    def sample(
        self, commands: Mapping[str, int], errors: tuple[tuple[str, int], ...], *, looking: bool
    ) -> Iterator[Refusal]:
        """Every n-th call of each command with one of the errors, which take turns."""
        for command, step in commands.items():
            for turn, at in enumerate(range(1, len(self.calls(command, looking=looking)) + 1, step)):
                yield Refusal(command, at, *errors[turn % len(errors)], looking)

    def problems(self, refusal: Refusal) -> list[str]:
        """What is wrong with how the command ended, with what stands after it, and after the same again."""
        with self.scene() as top:
            return [f"{refusal}: {problem}" for problem in self._problems(refusal, top)]

    def _problems(self, refusal: Refusal, top: str) -> Iterator[str]:
        answer = self.server.run("attempt", refusal.case, prepare="make", name=refusal.command, top=top)
        if answer.status:
            yield f"it raised {answer.said}"
            return
        code, said = answer.said
        self.ended[refusal.command, code] += 1
        if any(word in said for word in _NEVER):
            yield f"it said {said[-400:]!r}"
        # Of a command that keeps a job's record and none of a run, the disk itself is the reason.
        if code not in _CODES and not (code == 1 and _REFUSES in said and refusal.command.startswith(("job", "man"))):
            yield f"it ended with {code}: {said[-400:]!r}"
        if refusal.command == "plan":
            yield from self._of_plan(code, said)
            return
        later = self.server.run("judge", Case(Fault.COUNT), name=refusal.command, top=top, said=said)
        if later.status:
            yield f"after it, {later.said}"
            return
        yield from (f"after it, {problem}" for problem in later.said["wrong"])
        if refusal.looking:
            # A seal that cannot be read for a moment is not brought up to date, and is looked through by the next plan.
            later.said["first"]["jobs"] = self._without(refusal.command)[1]["first"]["jobs"]
        yield from self._differing(refusal.command, code, said, later.said)

    def _of_plan(self, code: int, said: str) -> Iterator[str]:
        if code:
            return
        plan, whole = (_document(one) for one in (said, self._planned()))
        extra = _steps(plan) - _steps(whole)
        if extra:
            yield f"it plans more than it would: {sorted(extra)}"
        if _steps(plan) != _steps(whole) and not (plan["problems"] or _why_kept(plan) - _why_kept(whole)):
            yield f"it plans less and does not say why: {sorted(_steps(whole) - _steps(plan))}"

    def _planned(self) -> str:
        return str(self._without("plan")[0].said[1])

    def _without(self, command: str) -> tuple[Answer, Any]:
        """What the command says, and comes to, when nothing is refused."""
        if command not in self._undisturbed:
            with self.scene() as top:
                answer = self.server.run("attempt", Case(Fault.COUNT), prepare="make", name=command, top=top)
                judged = self.server.run("judge", Case(Fault.COUNT), name=command, top=top, said="").said
            assert answer.said is not None
            assert answer.said[0] in {0, 9}, answer.said
            self._undisturbed[command] = answer, judged
        return self._undisturbed[command]

    def _differing(self, command: str, code: int, said: str, later: Any) -> Iterator[str]:
        _, undisturbed = self._without(command)
        if not later["left"] and later["first"] != undisturbed["first"]:
            yield f"the same again comes to {_difference(later['first'], undisturbed['first'])} after {code}: {said!r}"
        if later["left"]:
            tree, wanted = (
                [one for one in end["tree"] if not f"{one[0]}/".startswith(_BY_HAND)]
                for end in (later["last"], undisturbed["last"])
            )
            if tree != wanted:
                yield f"later it comes to {_difference({'': tree}, {'': wanted})} after {code}: {said!r}"

    def said(self, refusal: Refusal) -> tuple[int, str]:
        """How the command ends and what it says."""
        with self.scene() as top:
            code, said = self.server.run("attempt", refusal.case, prepare="make", name=refusal.command, top=top).said
            return code, said

    def scene(self) -> tempfile.TemporaryDirectory[str]:
        """A directory for one scene."""
        return tempfile.TemporaryDirectory(dir=self.place, prefix="refused-")


def _document(said: str) -> Any:
    """The JSON among what else was said."""
    return json.JSONDecoder().raw_decode(said, said.index("{"))[0]


def _steps(plan: Any) -> set[str]:
    # What empties the trash names runs, whose ids differ from scene to scene.
    steps = [step for step in plan["steps"] if step["action"] != "empty_trash"]
    return {json.dumps([step["action"], step["path"]]) for step in steps}


def _why_kept(plan: Any) -> set[str]:
    return {one["because"] for one in plan["kept"]} | {one["why"] for one in plan["units_kept"]}


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What differs, in short."""
    differing = []
    for key in wanted:
        if found[key] != wanted[key] and isinstance(wanted[key], list):
            more = [one for one in found[key] if one not in wanted[key]]
            less = [one for one in wanted[key] if one not in found[key]]
            differing.append(f"{key}: more {more}, less {less}")
        elif found[key] != wanted[key]:
            differing.append(f"{key}: {found[key]}, not {wanted[key]}")
    return "; ".join(differing)[:1500]
