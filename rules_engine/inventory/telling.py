"""Which seals tell of which directory."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.inventory.seen import vouch_all
from rules_engine.manifest.seal import Seal, SealedDirectory
from rules_engine.values.paths import RelPath


class Telling:
    """The seals of all jobs by directory; what they say is read when it is asked for."""

    def __init__(self, seals: Iterable[Seal] = ()) -> None:
        self._seals: dict[RelPath, Seal | list[Seal]] = {}
        for seal in seals:
            self.add(seal)

    def add(self, seal: Seal) -> None:
        """Take in all directories that a seal tells of."""
        told = self._seals
        for path in seal.lines:
            others = told.get(path)
            # A million directories of one job each need no list each.
            if others is None:
                told[path] = seal
            elif isinstance(others, list):
                others.append(seal)
            else:
                told[path] = [others, seal]

    @property
    def paths(self) -> Collection[RelPath]:
        """Every directory that a seal tells of, in no order."""
        return self._seals.keys()

    def of(self, path: RelPath) -> Sequence[SealedDirectory]:
        """What each seal says of a directory."""
        found = self._seals.get(path)
        if found is None:
            return ()
        if isinstance(found, list):
            return [seal.directory(path) for seal in found]
        return (found.directory(path),)

    def vouched(self, walked: Iterable[DirectoryFacts]) -> Iterator[DirectoryFacts]:
        """The facts of directories that were walked, each file vouched for where a seal names this very file."""
        for facts in walked:
            sealed = self.of(facts.path)
            yield vouch_all(facts, sealed) if sealed else facts
