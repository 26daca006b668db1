"""What jobs have, without a walk of the tree: from seals where they hold, else by looking only where a job may be."""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rules_engine.filesystem.root import Root
from rules_engine.inventory.above import WayDown
from rules_engine.inventory.model import DirectoryFacts, FileFact, GoOn, Inventory, Problem, Relief
from rules_engine.inventory.scan import outermost, walk
from rules_engine.inventory.seen import fact_from, facts_from, has_entry, row_from, rows_by_name, vouch
from rules_engine.inventory.telling import Telling
from rules_engine.manifest.inheriting import InheritedTypes
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal, SealedDirectory, SealedRow
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath, name_of, parent, sort_key, to_bytes
from rules_engine.values.vocabulary import EntryKind, FileType, JobId


def observe_job(root: Root, record: JobRecord) -> tuple[tuple[RelPath, SealedDirectory], ...]:
    """What a job has now, directory by directory in order: all below its places, and the files that it declared.

    What could not be read is marked as doubted, so that the next plan looks there again.
    """
    inventory = from_seals(root, {}, [record])
    types = InheritedTypes(record)
    found = {facts.path: _sealed(record, facts, types) for facts in inventory.directories}
    for problem in inventory.problems:
        path, names = problem.path, found.get(parent(problem.path))
        if path in found:
            found[path] = _doubted(found[path])
        elif path in record.places or (names and name_of(path) in map(decode_name, names.subdirectories)):
            found[path] = _doubted(SealedDirectory(None, complete=False, subdirectories=[], rows=[]))
    return tuple(sorted(found.items(), key=lambda one: sort_key(one[0])))


def _doubted(directory: SealedDirectory) -> SealedDirectory:
    return SealedDirectory(directory.inode, False, directory.subdirectories, directory.rows, look=True)


def _sealed(record: JobRecord, facts: DirectoryFacts, types: InheritedTypes) -> SealedDirectory:
    inherited = types.of(facts.path) or FileType.UNDECLARED
    declared = record.files.get(facts.path, {})
    return SealedDirectory(
        inode=facts.inode,
        complete=facts.complete,
        subdirectories=[encode_name(name) for name in facts.subdirectories],
        rows=[row_from(fact, declared.get(fact.name, inherited)) for fact in facts.files],
        look=facts.inode is not None and not facts.complete,
    )


_AT_ONCE: Final = 100
"""Directories of one part, at least."""
_NOWHERE: Final = "/"
"""What no path below a root begins with."""


@dataclass(slots=True)
class _Looks:
    """Where the disk has to be asked: trees that are listed whole, and single names."""

    trees: list[RelPath] = field(default_factory=list)
    names: dict[RelPath, set[str]] = field(default_factory=dict)
    anchors: set[RelPath] = field(default_factory=set)


def from_seals(
    root: Root,
    seals: Mapping[JobId, Seal],
    jobs: Sequence[JobRecord],
    markers: Sequence[str] = (),
    *,
    relief: Relief | None = None,
) -> Inventory:
    """What all `jobs` have, by directory in order; `seals` are those that are current, by job id.

    `markers` are looked for wherever the disk is asked, above every workspace and output, and where a seal has one.
    The rest of much is left to `relief`.
    """
    source, inventory = SealsOn(seals, jobs, markers), Inventory(())
    inventory.directories = source.tracked(root, inventory).run(relief)
    inventory.source = source
    return inventory


@dataclass(frozen=True, slots=True)
class SealsOn:
    """Goes on with what seals tell where another process left it."""

    seals: Mapping[JobId, Seal]
    jobs: Sequence[JobRecord]
    markers: Sequence[str]

    def begin(self, root: Root, inventory: Inventory) -> GoOn:
        """What goes through one part after another."""
        tracked = self.tracked(root, inventory)
        return lambda part: tracked.between(*part)

    def tracked(self, root: Root, inventory: Inventory) -> "_Tracked":
        """All of it."""
        looks, telling = _Looks(), Telling()
        for job in self.jobs:
            seal = self.seals.get(job.job_id)
            if seal is None:
                _look_everywhere(looks, job)
                continue
            looks.anchors.update((job.workspace, job.output))
            telling.add(seal)
            for path in seal.doubted:
                _look_where_doubted(looks, path, seal.directory(path))
        return _Tracked(root, inventory, looks, telling, self.markers)


def _look_everywhere(looks: _Looks, job: JobRecord) -> None:
    looks.trees += job.places
    for path, names in job.files.items():
        looks.names.setdefault(path, set()).update(names)


def _look_where_doubted(looks: _Looks, path: RelPath, directory: SealedDirectory) -> None:
    if directory.look:
        looks.trees.append(path)
    doubted = {decode_name(row.name) for row in directory.rows if row.look}
    if doubted:
        looks.names.setdefault(path, set()).update(doubted)


class _Tracked:
    def __init__(
        self, root: Root, inventory: Inventory, looks: _Looks, telling: Telling, markers: Sequence[str]
    ) -> None:
        self._root = root
        self._inventory = inventory
        self._looks = looks
        self._telling = telling
        self._markers = markers
        self._way = WayDown(root, inventory, markers)
        self._trees = frozenset(outermost(looks.trees))
        told = telling.paths
        # Nearly all is told of by a seal: a set of everything would double what a million files take.
        self._untold = {one for some in (looks.names, looks.anchors, looks.trees) for one in some if one not in told}
        self._paths = sorted([*told, *self._untold], key=sort_key)

    def run(self, relief: Relief | None) -> Iterator[DirectoryFacts]:
        """All of it, until `relief` can go on."""
        parts, files = deque(self._parts()), 0
        while parts:
            for facts in self.between(*parts.popleft()):
                yield facts
                files += len(facts.files)
            if parts and relief is not None and self._inventory.can_leave() and relief.is_ready(files):
                self._inventory.left = tuple(parts)
                return

    def _parts(self) -> Iterator[tuple[int, int]]:
        """Where each part begins and ends among the paths: never in the middle of what a job has for itself."""
        first, within = 0, _NOWHERE
        for at, path in enumerate(self._paths):
            below = _below(path)
            if below.startswith(within):
                continue
            if at - first >= _AT_ONCE:
                yield first, at
                first = at
            if path in self._looks.anchors or path in self._trees:
                within = below
        yield first, len(self._paths)

    def between(self, first: int, last: int) -> Iterator[DirectoryFacts]:
        """What lies at these paths, and below those of them that are looked at whole."""
        paths = self._paths[first:last]
        trees = [path for path in paths if path in self._trees and self._way.is_clear(path)]
        if not trees:
            yield from self._told(paths)
            return
        walked = walk(self._root, below=trees, markers=self._markers)
        walked.problems, walked.skipped = self._inventory.problems, self._inventory.skipped
        walked.marked = self._inventory.marked
        streams: list[Iterable[DirectoryFacts]] = [self._telling.vouched(walked.directories), self._told(paths)]
        yield from heapq.merge(*streams, key=lambda facts: sort_key(facts.path))

    def _told(self, paths: Sequence[RelPath]) -> Iterator[DirectoryFacts]:
        """The directories that no tree covers: what seals say of them, and the names that are looked at."""
        for path in self._clear(paths):
            facts = self._facts(path)
            if facts.files or facts.complete:
                self._note_sealed_marker(facts)
                yield facts

    def _clear(self, paths: Sequence[RelPath]) -> Iterator[RelPath]:
        """Of these, what seals tell of or names are looked at in, where the way is clear and no tree covers it.

        The way is looked at down to each workspace and output, and to each path that lies in none.
        """
        anchors, names, trees, is_clear = self._looks.anchors, self._looks.names, self._trees, self._way.is_clear
        # In order all that lies below a directory comes right after it, so the last one of each is enough.
        passed_over = clear = _NOWHERE
        for path in paths:
            below = _below(path)
            if below.startswith(passed_over):
                continue
            if path in trees:
                passed_over = below
                continue
            is_known = below.startswith(clear)
            if path in anchors or not is_known:
                if not is_clear(path):
                    passed_over = below
                    continue
                clear = below if path in anchors and not is_known else clear
            if path not in self._untold or path in names:
                yield path

    def _note_sealed_marker(self, facts: DirectoryFacts) -> None:
        """Where a seal names a marker, the disk says whether it is there still."""
        marker = next((one for one in self._markers if has_entry(facts, one)), None)
        if marker is not None and not self._way.is_clear(facts.path):
            # Nobody can look there now, so the seal has the last word.
            self._inventory.marked.setdefault(facts.path, marker)

    def _facts(self, path: RelPath) -> DirectoryFacts:
        sealed = self._telling.of(path)
        if len(sealed) == 1 and path not in self._looks.names:
            facts = facts_from(path, sealed[0])
            if facts is not None:
                return facts
        return self._agreed(path, sealed)

    def _agreed(self, path: RelPath, sealed: Sequence[SealedDirectory]) -> DirectoryFacts:
        """The facts of a directory of which several seals tell, or that has names to be looked at."""
        rows = rows_by_name(sealed)
        look = set(self._looks.names.get(path, ()))
        files: dict[str, FileFact] = {}
        for name, same in rows.items():
            there = [row for row in same if not row.absent]
            if there and name not in look and _agree(there):
                files[name] = fact_from(path, there[0])
            elif there:
                # Two seals that disagree, or an outcome that cast doubt: only the disk can tell.
                look.add(name)
        files |= {fact.name: vouch(fact, rows) for fact in self._look(path, look)}
        whole = next((one for one in sealed if one.complete), None)
        return DirectoryFacts(
            path=path,
            files=tuple(sorted(files.values(), key=lambda fact: to_bytes(fact.name))),
            subdirectories=tuple(decode_name(name) for name in whole.subdirectories) if whole else (),
            inode=whole.inode if whole else None,
            complete=whole is not None,
        )

    def _look(self, path: RelPath, names: Iterable[str]) -> Iterator[FileFact]:
        wanted = sorted(names)
        if not wanted or not self._way.is_clear(path):
            return
        with self._root.directory.open(path) as here:
            for name in wanted:
                try:
                    found = here.stat(name)
                except OSError as err:
                    self._inventory.problems.append(Problem(path, f"cannot be looked at: {err.strerror}"))
                    return
                if found is None or found.kind is EntryKind.DIRECTORY:
                    continue
                yield FileFact(
                    path, name, found.kind, found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink
                )


def _below(path: RelPath) -> str:
    """What every path in it begins with."""
    return f"{path}/" if path else ""


def _agree(rows: Sequence[SealedRow]) -> bool:
    first = rows[0]
    # A seal that was read again may doubt what it did not doubt when looks were chosen.
    return not any(row.look for row in rows) and all(
        (row.inode, row.size, row.mtime_ns) == (first.inode, first.size, first.mtime_ns) for row in rows[1:]
    )
