"""The jobs as the state has them now, and whether that changed since it was last read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory, Status
from rules_engine.filesystem.root import find_area
from rules_engine.manifest.log import split_log_name
from rules_engine.manifest.model import Damage, JobRecord
from rules_engine.manifest.shelf import SEAL_SUFFIX
from rules_engine.values.vocabulary import JobId

SEALED: Final = "sealed"
MANIFESTS: Final = "manifests"

_Seen: TypeAlias = Mapping[tuple[str, str], tuple[int, int, int] | None]


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
        self._writers: dict[tuple[str, str], tuple[int, int, int]] = {}
        self.known = Known(())
        """As read last."""

    def read(self) -> Known:
        """Every job, read now."""
        # The listing first: what changes while the manifests are read shows next time.
        self._seen = self._look()
        self.known = self._load()
        return self.known

    def has_changed(self, amended: frozenset[JobId]) -> bool:
        """Whether a log or seal changed since the last reading, besides the seals that this run amended itself."""
        seen, before = self._look(), self._seen
        ours = {(SEALED, f"{job_id}.json") for job_id in amended}
        self._seen = seen
        return any(seen.get(name) != before.get(name) for name in seen.keys() | before.keys() if name not in ours)

    def writers(self) -> Iterator[tuple[JobId, list[tuple[int, int, int]]]]:
        """Each job with user, group and mode of every log and seal of it, as listed last."""
        by_job: dict[JobId, list[tuple[int, int, int]]] = {}
        for (area, name), writer in self._writers.items():
            split = split_log_name(name) if area == MANIFESTS else (JobId(name.removesuffix(SEAL_SUFFIX)), "")
            if split is not None:
                by_job.setdefault(split[0], []).append(writer)
        yield from by_job.items()

    def _look(self) -> _Seen:
        self._writers.clear()
        found: dict[tuple[str, str], tuple[int, int, int] | None] = {}
        for area in (MANIFESTS, SEALED):
            try:
                for name, status in self._entries(area):
                    found[area, name] = _identity(status)
                    self._writers[area, name] = _writer(status)
            except OSError as err:
                # A listing that cannot be read may hide a job that began to run.
                why = f"cannot be read: {err.strerror}"
                raise UntrustedStateError(f".rules/{area}", why, "check its permissions") from err
        return found

    def _entries(self, area: str) -> list[tuple[str, Status | OSError]]:
        directory = find_area(self._state, area)
        if directory is None:
            return []
        with directory:
            return directory.entries()


def _writer(status: Status | OSError) -> tuple[int, int, int]:
    # Of what cannot be looked at nobody knows who wrote it, and nobody is no owner of any file.
    return (-1, -1, 0) if isinstance(status, OSError) else (status.uid, status.gid, status.mode)


def _identity(status: Status | OSError) -> tuple[int, int, int] | None:
    if isinstance(status, OSError):
        return None
    return status.inode, status.size, status.mtime_ns
