"""The pins that hold at one moment, by what they protect: paths, jobs, and the directories above both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Pin
from rules_engine.values.paths import ROOT, RelPath, ancestors, sort_key
from rules_engine.values.quantities import FOREVER, Instant, format_instant
from rules_engine.values.vocabulary import JobId


def holds(pin: Pin, now: Instant) -> bool:
    """Whether a pin protects at `now`; at the very moment of its end it does no longer."""
    return pin.until is None or now < pin.until


def pin_name(pin: Pin) -> str:
    """What is pinned, as reports name it: the path, `.` for the root, or `job ID`."""
    return f"job {pin.job}" if pin.job is not None else pin.path or "."


def pin_text(pin: Pin) -> str:
    """Why the pin keeps something, for people."""
    what = f"job `{pin.job}`" if pin.job is not None else f"`{pin.path or '.'}`"
    reason = f": {pin.reason}" if pin.reason else ""
    until = f" until {format_instant(pin.until)}" if pin.until is not None else ""
    return f"{what} is pinned{until}{reason}"


@dataclass(frozen=True, slots=True)
class Pinned:
    """The pins that hold, each found by one look-up."""

    paths: Mapping[RelPath, Pin] = field(default_factory=dict)
    jobs: Mapping[JobId, Pin] = field(default_factory=dict)
    places: Mapping[RelPath, Pin] = field(default_factory=dict)
    """Directories of which a pinned job owns whatever lies in them."""
    holding: Mapping[RelPath, Pin] = field(default_factory=dict)
    """Directories above something that is pinned, or that a pinned job has, whether it is there or not."""
    over_paths: Mapping[RelPath, Instant] = field(default_factory=dict)
    """Paths that were pinned, and when that ended: nothing at or below them could go before."""
    over_jobs: Mapping[JobId, Instant] = field(default_factory=dict)

    def above(self, path: RelPath) -> Pin | None:
        """The nearest pin of `path` or of a directory above it."""
        return _nearest(self.paths, path) if self.paths else None

    def around(self, directory: RelPath) -> Pin | None:
        """A pin because of which `directory` has to stay: at it, above it, below it, or of a job that has it."""
        return self.above(directory) or _nearest(self.places, directory) or self.holding.get(directory)

    def ordered(self) -> tuple[Pin, ...]:
        """Those of paths in plan order, then those of jobs by id."""
        paths = sorted(self.paths.items(), key=lambda one: sort_key(one[0]))
        return tuple(pin for _, pin in (*paths, *sorted(self.jobs.items())))


def pinned_at(now: Instant, pins: Iterable[Pin], jobs: Mapping[JobId, JobRecord]) -> Pinned:
    """What of `pins` holds at `now`, with what the pinned ones of `jobs` have."""
    # INVARIANT: the order of pins does not matter; of two of one thing the one that holds longer is named.
    ordered = sorted(pins, key=lambda pin: (pin.until if pin.until is not None else FOREVER, pin.reason))
    held = [pin for pin in ordered if holds(pin, now)]
    over = [(pin, pin.until) for pin in ordered if pin.until is not None and not holds(pin, now)]
    by_path = {pin.path: pin for pin in held if pin.path is not None}
    by_job = {pin.job: pin for pin in held if pin.job is not None}
    places: dict[RelPath, Pin] = {}
    holding: dict[RelPath, Pin] = {}
    for path in sorted(by_path, key=sort_key):
        _hold(holding, _above(path), by_path[path])
    for job_id in sorted(by_job.keys() & jobs.keys()):
        for place in jobs[job_id].places:
            places.setdefault(place, by_job[job_id])
            _hold(holding, _above(place), by_job[job_id])
        for directory in jobs[job_id].files:
            _hold(holding, (directory, *_above(directory)), by_job[job_id])
    over_paths = {pin.path: until for pin, until in over if pin.path is not None}
    over_jobs = {pin.job: until for pin, until in over if pin.job is not None}
    return Pinned(by_path, by_job, places, holding, over_paths, over_jobs)


def _hold(holding: dict[RelPath, Pin], directories: Iterable[RelPath], pin: Pin) -> None:
    for directory in directories:
        holding.setdefault(directory, pin)


def _above(path: RelPath) -> tuple[RelPath, ...]:
    return (*ancestors(path), ROOT) if path else ()


def _nearest(pins: Mapping[RelPath, Pin], path: RelPath) -> Pin | None:
    return next((pins[one] for one in (path, *ancestors(path), ROOT) if one in pins), None)
