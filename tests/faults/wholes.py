"""What fault tests of small plans share: a clock, policies without a text of their own, entries as they are."""

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant

POLICIES = PolicySet(digest="d", sources={"policies/a.yaml": "version: 1"})


class LaterClock(SystemClock):
    """The clock in two days: of a link that changed today nobody can tell whether it is in use."""

    def now(self) -> Instant:
        """The instant in two days."""
        return Instant(super().now() + 2 * DAY)


def batch(root: Root, directory: RelPath, action: StepAction, *names: str) -> Batch:
    """Entries of one directory as they are."""
    entries = []
    with root.directory.open(directory) as here:
        for name in names:
            found = here.stat(name)
            assert found is not None
            identity = (found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink)
            entries.append(Entry(name, found.kind, *identity))
    return Batch(directory, action, tuple(entries))
