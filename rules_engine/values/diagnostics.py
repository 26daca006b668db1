"""Problems in what a user wrote: values with a place, a stable code, and a help line."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a diagnostic weighs: an error refuses the policies, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file: 1-based line and column, in characters; the end is one past the last character."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a policy: code, message, place, help, and further places that explain it."""

    code: str
    message: str
    span: Span | None
    help_text: str | None = None
    severity: Severity = Severity.ERROR
    related: tuple[tuple[Span | None, str], ...] = ()
    """Other places with what stands there; a place without a span is a default, named in its text."""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """The key that sorts diagnostics by place, then code, then message."""
        span = self.span
        place = (span.file, span.line, span.column) if span else ("", 0, 0)
        return (*place, self.code, self.message)
