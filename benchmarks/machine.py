"""What a benchmark stands on: commands run and measured, the programs beside which ours is measured, the machine."""

import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from rules_engine import __version__

RULES = (sys.executable, "-m", "rules_engine")
# Where Python may not keep what it compiled, each start compiles the whole package again, which no installation does.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a command."""

    seconds: float
    """Of wall time, from its start to its end."""
    processor_s: float
    """Of processor time, which a busy machine changes less."""
    peak_bytes: int
    """The most memory that it held; of a command with workers, the largest of them."""


def run(command: Sequence[str], *, out: Path | None = None) -> Measured:
    """What `command` takes; it must succeed."""
    with open(out or os.devnull, "wb") as target, tempfile.TemporaryFile() as complaints:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=target, stderr=complaints, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            sys.exit(f"{shlex.join(command)}\n{complaints.read().decode()}ended with {process.returncode}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median_s(runs: Iterable[Measured]) -> float:
    """The median of the wall times."""
    return statistics.median(one.seconds for one in runs)


def median_processor_s(runs: Iterable[Measured]) -> float:
    """The median of the processor times."""
    return statistics.median(one.processor_s for one in runs)


def median_peak(runs: Iterable[Measured]) -> float:
    """The median of the peaks, in bytes."""
    return statistics.median(one.peak_bytes for one in runs)


def find_fd() -> str | None:
    """The program `fd`, as it is called here; None where it is not installed."""
    return shutil.which("fd") or shutil.which("fdfind")


def _first_line(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[0]


def versions() -> list[str]:
    """Ours, the peers that were found, and those that were not."""
    fd = find_fd()
    return [
        f"rules-engine {__version__}, msgspec {msgspec.__version__}, Python {platform.python_version()}",
        _first_line(["find", "--version"]),
        _first_line([fd, "--version"]) if fd else "fd is not installed: its rows are missing",
    ]


def machine(place: Path) -> list[str]:
    """The system, its cores and memory, and the filesystem at `place`."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return [
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, {pages:.0f} GiB of memory",
        _filesystem(place),
    ]


def moment() -> str:
    """Now, and how busy the machine is."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load of the last 1, 5 and 15 minutes {load}"  # noqa: TID251 - a page says when


def _filesystem(place: Path) -> str:
    kind = _first_line(["stat", "--file-system", "--format=%T", str(place)])
    source = _first_line(["findmnt", "--noheadings", "--output=FSTYPE,SOURCE", "--target", str(place)])
    return " on ".join(source.split()) if source else kind
