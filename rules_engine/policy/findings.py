"""The collection of problems while policies are read, and the near miss of a word."""

from collections.abc import Iterable

from rules_engine.values.diagnostics import Diagnostic, Span

Related = tuple[tuple[Span | None, str], ...]
"""Other places with what stands there."""

_MOST_SHOWN = 12


class Findings:
    """Every problem that one stage found, in the order of their places once asked."""

    def __init__(self, found: Iterable[Diagnostic] = ()) -> None:
        self._found = list(found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def error(
        self, code: str, message: str, span: Span | None, help_text: str | None = None, related: Related = ()
    ) -> None:
        """Note one error."""
        self._found.append(Diagnostic(code, message, span, help_text, related=related))

    def in_order(self) -> tuple[Diagnostic, ...]:
        """All of them, sorted by place, each once."""
        return tuple(sorted(dict.fromkeys(self._found), key=lambda one: one.order))


def closest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` most likely was meant to be; None where none is near."""
    import difflib  # noqa: PLC0415 - nobody needs it for words that are right

    by_fold = {one.casefold().replace("-", "_"): one for one in sorted(words)}
    near = difflib.get_close_matches(word.casefold().replace("-", "_"), list(by_fold), n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def suggest(word: str, words: Iterable[str], otherwise: str) -> str:
    """A help line that names the near miss, else what there is, else `otherwise`."""
    known = sorted(words)
    near = closest(word, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if not known:
        return otherwise
    return f"known are {list_words(known)}" if len(known) > 1 else f"the only one is `{known[0]}`"


def list_words(words: Iterable[str]) -> str:
    """Words in backticks with commas, cut where they would fill the screen."""
    known = list(words)
    shown = ", ".join(f"`{one}`" for one in known[:_MOST_SHOWN])
    return f"{shown} and {len(known) - _MOST_SHOWN} more" if len(known) > _MOST_SHOWN else shown
