"""Manual cleanup as somebody asks for it: one pattern, and how far it may go."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules_engine.inventory.model import FileFact
from rules_engine.policy.built_in import manual_policies
from rules_engine.policy.model import Action, PolicySet
from rules_engine.policy.patterns import PatternError, PatternList, Reading, parse_patterns
from rules_engine.values.quantities import Duration, format_duration


@dataclass(frozen=True, slots=True)
class ManualCleanup:
    """One manual cleanup: what it takes, from which age on, and which protections it lifts."""

    match: PatternList
    older_than: Duration | None = None
    """None: `cleanup.retention`."""
    delete: bool = False
    """For good; else the files are set aside."""
    deliverables: bool = False
    include_failed: bool = False
    """Also files of failed jobs that `cleanup.preserve_on_failure` preserves."""

    @classmethod
    def of(
        cls,
        pattern: str,
        *,
        older_than: Duration | None = None,
        delete: bool = False,
        deliverables: bool = False,
        include_failed: bool = False,
    ) -> "ManualCleanup":
        """The manual cleanup of what `pattern` matches, read as in a removal rule.

        Raises:
            PatternError: when it cannot be a pattern, or selects nothing by itself.
        """
        match = parse_patterns((pattern,), Reading.NARROW)
        if match.lines[0].negated:
            raise PatternError(pattern, "selects nothing by itself", "write a pattern of what is to go")
        return cls(match, older_than, delete, deliverables, include_failed)

    def policies(self, policies: PolicySet) -> PolicySet:
        """The policies of this cleanup: its rule is the only one that removes; all that protects holds."""
        return manual_policies(
            policies,
            self.match,
            action=Action.DELETE if self.delete else Action.TRASH,
            older_than=self.older_than,
            deliverables=self.deliverables,
            include_failed=self.include_failed,
        )

    def is_about(self, file: FileFact) -> bool:
        """Whether the pattern selects the file."""
        return self.match.match(file.path) is not None

    @property
    def said(self) -> Mapping[str, str]:
        """What was asked for, as the plan records it."""
        words = {
            "clean": " ".join(self.match.texts),
            "older than": "" if self.older_than is None else format_duration(self.older_than),
            "delete": "yes" if self.delete else "",
            "deliverables": "yes" if self.deliverables else "",
            "include failed": "yes" if self.include_failed else "",
        }
        return {key: word for key, word in words.items() if word}
