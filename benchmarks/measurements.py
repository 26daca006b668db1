"""What was measured, by size, with when and under what load, so that a long run adds to what short ones left."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from machine import Measured


class Sized(msgspec.Struct, frozen=True):
    """What was measured on one farm."""

    when: str
    """The moment, and the load of the machine."""
    runs: dict[str, list[Measured]]


class Results(msgspec.Struct):
    """Everything that the page shows."""

    head: list[str] = []
    """The machine, the versions of ours and of what it is measured against, at the last run."""
    start_up: dict[str, list[Measured]] = {}
    sizes: dict[int, Sized] = {}

    @property
    def by_size(self) -> Mapping[int, Mapping[str, list[Measured]]]:
        """The runs alone, smallest farm first."""
        return {files: one.runs for files, one in sorted(self.sizes.items())}


def read_results(path: Path) -> Results:
    """What earlier runs left; nothing where there were none."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else Results()


def write_results(results: Results, path: Path) -> None:
    """Leave it for the next run."""
    data = msgspec.json.encode(results)
    path.write_bytes(msgspec.json.format(data, indent=1) + b"\n")
