"""This machine, as evidence about the processes of jobs needs it: its name and its present boot."""

import os
from dataclasses import dataclass

from rules_engine.filesystem import linux
from rules_engine.values.quantities import Instant


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine since it was last booted."""

    host: str
    boot: str
    """What tells this boot from every other; empty where the system does not say."""
    booted: Instant | None
    """When that was; None where the system does not say."""


def this_machine(host: str | None = None) -> Machine:
    """The machine that this process runs on, under another name where one is given."""
    booted = linux.boot_time_ns()
    return Machine(host or os.uname().nodename, linux.boot_id(), Instant(booted) if booted is not None else None)
