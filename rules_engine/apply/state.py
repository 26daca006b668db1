"""The jobs as the state has them now, and whether that changed since it was last read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import find_area
from rules_engine.filesystem.stamps import Stamp, read_stamps
from rules_engine.manifest.log import split_log_name
from rules_engine.manifest.model import Damage, JobRecord
from rules_engine.manifest.shelf import SEAL_SUFFIX
from rules_engine.values.vocabulary import JobId

SEALED: Final = "sealed"
MANIFESTS: Final = "manifests"

_Seen: TypeAlias = Mapping[tuple[str, str], Stamp | None]
"""Area and name of each log and seal; None for what cannot be looked at."""
_Writer: TypeAlias = tuple[int, int, int]
"""User, group and mode."""


@dataclass(frozen=True, slots=True)
class Known:
    """The jobs as their manifests say now, and the manifests that cannot be trusted."""

    jobs: tuple[JobRecord, ...]
    damaged: tuple[Damage, ...] = ()


class JobsOnDisk:
    """Reads all manifests, and says cheaply whether that has to be done again."""

    def __init__(self, state: Directory, load: Callable[[], Known]) -> None:
        self._state = state
        self._load = load
        self._seen: _Seen = {}
        self._writers: Mapping[JobId, list[_Writer]] | None = None
        self.known = Known(())
        """As read last."""

    def read(self) -> Known:
        """Every job, read now."""
        # The listing first: what changes while the manifests are read shows next time.
        self._seen, self._writers = self._look(), None
        self.known = self._load()
        return self.known

    def has_changed(self, amended: frozenset[JobId]) -> bool:
        """Whether a log or seal changed since the last reading, besides the seals that this run amended itself."""
        seen, before = self._look(), self._seen
        self._seen = seen
        # Nearly always only what this run amended: thousands of others are compared without a word.
        changed = {name for name, _ in seen.items() ^ before.items()}
        if any(_writer_of(seen, name) != _writer_of(before, name) for name in changed):
            self._writers = None
        return not changed <= {(SEALED, f"{job_id}{SEAL_SUFFIX}") for job_id in amended}

    def writers(self) -> Mapping[JobId, list[_Writer]]:
        """Of each job the user, group and mode of every log and seal of it, as listed last."""
        if self._writers is None:
            by_job: dict[JobId, list[_Writer]] = {}
            for area, name in self._seen:
                split = split_log_name(name) if area == MANIFESTS else (JobId(name.removesuffix(SEAL_SUFFIX)), "")
                if split is not None:
                    by_job.setdefault(split[0], []).append(_writer(self._seen[area, name]))
            self._writers = by_job
        return self._writers

    def _look(self) -> _Seen:
        found: dict[tuple[str, str], Stamp | None] = {}
        for area in (MANIFESTS, SEALED):
            try:
                for name, stamp in self._stamps(area).items():
                    found[area, name] = _identity(stamp)
            except OSError as err:
                # A listing that cannot be read may hide a job that began to run.
                why = f"cannot be read: {err.strerror}"
                raise UntrustedStateError(f".rules/{area}", why, "check its permissions") from err
        return found

    def _stamps(self, area: str) -> Mapping[str, Stamp | OSError]:
        directory = find_area(self._state, area)
        if directory is None:
            return {}
        with directory:
            return read_stamps(directory)


def _writer_of(seen: _Seen, name: tuple[str, str]) -> _Writer | None:
    return _writer(seen[name]) if name in seen else None


def _writer(stamp: Stamp | None) -> _Writer:
    # Of what cannot be looked at nobody knows who wrote it, and nobody is no owner of any file.
    return (-1, -1, 0) if stamp is None else stamp[3:]


def _identity(stamp: Stamp | OSError) -> Stamp | None:
    return None if isinstance(stamp, OSError) else stamp
