"""How far long work is: counted in its loop, and said as a line for people or as fields for other programs."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.values.quantities import SECOND, format_duration, format_size
from rules_engine.values.text import plural


class Phase(StrEnum):
    """What a command is at."""

    READING = "reading"
    """The manifests, and what guards the root."""
    PLANNING = "planning"
    """Files are looked at and decided, from seals or by a walk."""
    APPLYING = "applying"


_BEGINNINGS: Final = 0.02
"""The share of the work before which its speed says little about the rest."""


class Gauge(msgspec.Struct):
    """What one phase has done; the loop only counts, and whoever shows it looks from outside."""

    phase: Phase
    began_s: float
    files: int = 0
    """While a plan is applied, steps."""
    size_bytes: int | None = None
    """None where a phase does not know it."""
    done: int = 0
    total: int | None = None
    """Of `done`, in directories or steps; None where nobody knows how much there will be."""

    def add(self, done: int, files: int, size_bytes: int) -> None:
        """Count so many directories, and what was looked at in them."""
        self.done += done
        self.files += files
        self.size_bytes = (self.size_bytes or 0) + size_bytes

    def rate(self, now_s: float) -> float:
        """Files a second since it began."""
        return self.files / max(now_s - self.began_s, 1e-9)

    def remaining_s(self, now_s: float) -> float | None:
        """How long the rest takes at the speed so far; None where that cannot be told yet."""
        if not self.total or self.done < self.total * _BEGINNINGS:
            return None
        return max(0.0, (now_s - self.began_s) * (self.total - self.done) / self.done)

    def line(self, now_s: float) -> str:
        """It in one line for people."""
        parts = []
        if self.files:
            noun = "step" if self.phase is Phase.APPLYING else "file"
            size = "" if self.size_bytes is None else f", {format_size(self.size_bytes)}"
            parts = [f"{plural(self.files, noun)}{size}", f"{plural(round(self.rate(now_s)), noun)}/s"]
        left = self.remaining_s(now_s)
        parts.append(_whole_seconds(now_s - self.began_s) if left is None else f"{_whole_seconds(left)} left")
        return f"{self.phase}: {', '.join(parts)}"

    def fields(self, now_s: float) -> dict[str, object]:
        """It as the fields of an event."""
        left = self.remaining_s(now_s)
        return {
            "phase": str(self.phase),
            "files": self.files,
            "bytes": self.size_bytes,
            "seconds": round(now_s - self.began_s, 3),
            "files_per_second": round(self.rate(now_s), 1),
            "remaining_seconds": None if left is None else round(left, 1),
        }


def count_directories(
    directories: Iterable[DirectoryFacts], gauge: Gauge, look_up: Callable[[], None]
) -> Iterator[DirectoryFacts]:
    """The same directories, counted on their way; `look_up` is called after each."""
    for facts in directories:
        yield facts
        if facts.files:
            gauge.add(1, len(facts.files), sum(file.size or 0 for file in facts.files))
        look_up()


def _whole_seconds(seconds: float) -> str:
    return format_duration(round(seconds) * SECOND)
