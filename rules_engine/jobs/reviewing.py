"""The review of a change of policies: what is said differently, and what that does to files."""

from dataclasses import dataclass

from rules_engine.analysis.compare import Comparison, compare
from rules_engine.filesystem.root import Root
from rules_engine.jobs.comparing import TreeComparison, compare_trees
from rules_engine.policy.budget import Budget
from rules_engine.policy.changes import Change, changes_between
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock


@dataclass(frozen=True, slots=True)
class Compared:
    """One version of policies, with the name that people gave it."""

    title: str
    policies: PolicySet


@dataclass(frozen=True, slots=True)
class Review:
    """What there is to know before a change of policies is agreed to."""

    old: str
    new: str
    """How the versions are called."""
    changes: tuple[Change, ...]
    kinds: Comparison
    """What becomes of every kind of file that the versions tell apart."""
    tree: TreeComparison | None = None
    """Of the tree that was asked for."""

    @property
    def removes_more(self) -> bool:
        """Whether anything can be removed that could not."""
        return self.kinds.removes_more or (self.tree is not None and self.tree.removes_more)


def review(old: Compared, new: Compared, budget: Budget, root: Root | None, clock: Clock) -> Review:
    """Compare two versions, with `root` also by what lies there.

    Raises:
        UntrustedStateError: when the state of the root cannot be read.
    """
    tree = compare_trees(old.policies, new.policies, root, clock) if root is not None else None
    kinds = compare(old.policies, new.policies, budget)
    return Review(old.title, new.title, changes_between(old.policies, new.policies), kinds, tree)
