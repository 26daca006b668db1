"""The jobs as the state has them now, and whether that changed since it was last read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import find_area
from rules_engine.filesystem.stamps import Stamp, Writer, read_stamps
from rules_engine.filesystem.watch import Watch, watch
from rules_engine.manifest.log import split_log_name
from rules_engine.manifest.model import Damage, JobRecord
from rules_engine.manifest.shelf import SEAL_SUFFIX
from rules_engine.values.vocabulary import JobId

SEALED: Final = "sealed"
MANIFESTS: Final = "manifests"


@dataclass(frozen=True, slots=True)
class Known:
    """The jobs as their manifests say now, and the manifests that cannot be trusted."""

    jobs: tuple[JobRecord, ...]
    damaged: tuple[Damage, ...] = ()


class JobsOnDisk:
    """Reads all manifests, and says cheaply whether that has to be done again."""

    def __init__(self, state: Directory, load: Callable[[], Known]) -> None:
        self._load = load
        self._areas = (_Area(state, MANIFESTS), _Area(state, SEALED))
        self._writers: Mapping[JobId, tuple[Writer, ...]] | None = None
        self.known = Known(())
        """As read last."""

    def read(self) -> Known:
        """Every job, read now."""
        # The listing first: what changes while the manifests are read shows next time.
        for area in self._areas:
            area.look()
        self._writers = None
        self.known = self._load()
        return self.known

    def has_changed(self, amended: frozenset[JobId]) -> bool:
        """Whether a log or seal changed since the last reading, besides the seals that this run amended itself."""
        changed = [(area.name, one) for area in self._areas for one in area.look()]
        if any(one.writer_before != one.writer for _, one in changed):
            self._writers = None
        own = {(SEALED, f"{job_id}{SEAL_SUFFIX}") for job_id in amended}
        return any((area, one.name) not in own for area, one in changed)

    def writers(self) -> Mapping[JobId, tuple[Writer, ...]]:
        """Of each job the user, group and mode of every log and seal of it, as listed last."""
        if self._writers is None:
            by_job: dict[JobId, tuple[Writer, ...]] = {}
            shared: dict[tuple[Writer, ...], tuple[Writer, ...]] = {}
            for area in self._areas:
                for name, stamp in area.stamps.items():
                    split = split_log_name(name) if area.name == MANIFESTS else (name.removesuffix(SEAL_SUFFIX), "")
                    if split is not None:
                        job_id = JobId(split[0])
                        found = (*by_job.get(job_id, ()), _writer(stamp))
                        # Ten thousand jobs have the same few writers.
                        by_job[job_id] = shared.setdefault(found, found)
            self._writers = by_job
        return self._writers


@dataclass(frozen=True, slots=True)
class _Change:
    """A log or seal that is not what it was; of what is not there nobody is the writer."""

    name: str
    writer_before: Writer | None
    writer: Writer | None


class _Area:
    """One directory of the state, and what stood under each of its names when it was looked at last."""

    def __init__(self, state: Directory, name: str) -> None:
        self.name = name
        self.stamps: dict[str, Stamp | None] = {}
        """By name; None for what cannot be looked at."""
        self._state = state
        self._unknown: frozenset[str] = frozenset()
        """The names that could not be looked at: nobody tells when they can be."""
        self._watch: Watch | None = None
        self._watched: int | None = None
        """The inode of the directory that is watched: one that takes its place between two calls is another."""

    def look(self) -> list[_Change]:
        """What changed since the last look: of all names, or of those to which something happened.

        Raises:
            UntrustedStateError: when it cannot be read.
        """
        try:
            before, after = self._look()
        except OSError as err:
            # A listing that cannot be read may hide a job that began to run.
            why = f"cannot be read: {err.strerror}"
            raise UntrustedStateError(f".rules/{self.name}", why, "check its permissions") from err
        # Nearly always only what this run amended: thousands of others are compared without a word.
        changed = {name for name, _ in before.items() ^ after.items()}
        for name in before.keys() - after.keys():
            del self.stamps[name]
        self.stamps.update(after)
        self._unknown = frozenset([name for name, stamp in after.items() if stamp is None])
        return [_Change(name, _writer_of(before, name), _writer_of(after, name)) for name in changed]

    def _look(self) -> tuple[Mapping[str, Stamp | None], Mapping[str, Stamp | None]]:
        """What stood and what stands under the names that are looked at."""
        directory = find_area(self._state, self.name)
        if directory is None:
            self._watch = self._watched = None
            return dict(self.stamps), {}
        with directory:
            inode = directory.status().inode
            names = self._told(inode)
            if names is not None:
                before = {name: self.stamps[name] for name in names if name in self.stamps}
                return before, _stamps(directory, names)
            # Watched before it is listed: what happens in between is looked at twice, and not never.
            self._watch, self._watched = watch(directory), inode
            return dict(self.stamps), _stamps(directory)

    def _told(self, inode: int) -> frozenset[str] | None:
        """The names to which something happened; None where each has to be looked at."""
        told = self._watch.names() if self._watch is not None and self._watched == inode else None
        return None if told is None else told | self._unknown


def _stamps(directory: Directory, names: Iterable[str] | None = None) -> dict[str, Stamp | None]:
    found = read_stamps(directory, names)
    return {name: None if isinstance(stamp, OSError) else stamp for name, stamp in found.items()}


def _writer_of(stamps: Mapping[str, Stamp | None], name: str) -> Writer | None:
    return _writer(stamps[name]) if name in stamps else None


def _writer(stamp: Stamp | None) -> Writer:
    # Of what cannot be looked at nobody knows who wrote it, and nobody is no owner of any file.
    return (-1, -1, 0) if stamp is None else stamp[3]
