"""Which seals tell of which directory."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.inventory.seen import vouch_all
from rules_engine.manifest.seal import Seal, SealedDirectory
from rules_engine.values.paths import RelPath
from rules_engine.values.several import Several


class Telling:
    """The seals of all jobs by directory; what they say is read when it is asked for."""

    def __init__(self, seals: Iterable[Seal] = ()) -> None:
        self._seals: Several[RelPath, Seal] = Several()
        for seal in seals:
            self.add(seal)

    def add(self, seal: Seal) -> None:
        """Take in all directories that a seal tells of."""
        for path in seal.lines:
            self._seals.add(path, seal)

    @property
    def paths(self) -> Collection[RelPath]:
        """Every directory that a seal tells of, in no order."""
        return self._seals.keys

    def of(self, path: RelPath) -> Sequence[SealedDirectory]:
        """What each seal says of a directory."""
        return [seal.directory(path) for seal in self._seals.of(path)]

    def vouched(self, walked: Iterable[DirectoryFacts]) -> Iterator[DirectoryFacts]:
        """The facts of directories that were walked, each file vouched for where a seal names this very file."""
        for facts in walked:
            sealed = self.of(facts.path)
            yield vouch_all(facts, sealed) if sealed else facts
