"""Parameters of a job as they are written on the command line: KEY=VALUE."""

from collections.abc import Mapping, Sequence

from rules_engine.errors import InvalidValueError
from rules_engine.values.text import escape


def pairs(texts: Sequence[str]) -> Mapping[str, str]:
    """The values by key.

    Raises:
        InvalidValueError: for what is not `KEY=VALUE`, or given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, is_pair, value = text.partition("=")
        if not is_pair:
            raise InvalidValueError("parameter", escape(text), "is not `KEY=VALUE`")
        if key in found:
            raise InvalidValueError("parameter", escape(key), "is given twice")
        found[key] = value
    return found
