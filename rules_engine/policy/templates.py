"""Templates of layouts: text with `{field}` places that job parameters fill, and patterns of what they can make."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.values.paths import RelPath

_FIELD: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?::(0?[1-9]d))?\}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Template:
    """A text with fields, such as `output/{series}/{episode}` or `clip_{index:03d}{suffix}`."""

    text: str
    fields: tuple[str, ...]
    """The names of the fields, in order, each as often as it stands."""
    shape: re.Pattern[str] = field(compare=False, repr=False)
    """What the template can make, each field read as `*`: any characters but `/`."""

    def fill(self, values: Mapping[str, str | int]) -> str:
        """The text with every field replaced.

        Raises:
            InvalidValueError: when a field has no value, or one with a format is not a number.
        """
        return _FIELD.sub(lambda found: self._value(found, values), self.text)

    def _value(self, found: re.Match[str], values: Mapping[str, str | int]) -> str:
        name, form = found[1], found[2]
        if name not in values:
            raise InvalidValueError("template", self.text, f"needs a value for `{name}`")
        value = values[name]
        if form is None:
            return str(value)
        if not isinstance(value, int):
            raise InvalidValueError("template", self.text, f"needs a number for `{name}`, not `{value}`")
        return format(value, form)

    def fits(self, text: str) -> bool:
        """Whether the template, each field read as `*`, can make `text`."""
        return self.shape.fullmatch(text) is not None

    def fits_above(self, path: RelPath) -> RelPath | None:
        """The directory above `path` that the template can make; None where there is none."""
        # A field never makes a `/`, so there is one directory above that is as deep as what the template makes.
        parts = path.split("/", self.text.count("/") + 1)
        above = RelPath("/".join(parts[:-1]))
        return above if len(parts) > self.text.count("/") + 1 and self.fits(above) else None


def parse_template(text: str) -> Template:
    """The template that `text` writes.

    Raises:
        InvalidValueError: for a brace that does not belong to a field `{name}` or `{name:03d}`.
    """
    rest = _FIELD.sub("", text)
    if "{" in rest or "}" in rest:
        raise InvalidValueError("template", text, "has a brace outside a field such as `{series}` or `{index:03d}`")
    parts: list[str] = []
    end = 0
    for found in _FIELD.finditer(text):
        parts += [re.escape(text[end : found.start()]), "[^/]*"]
        end = found.end()
    parts.append(re.escape(text[end:]))
    # `a*` next to `*` would backtrack: neighbouring fields match what one field matches.
    shape = re.sub(r"(?:\[\^/\]\*)+", "[^/]*", "".join(parts))
    names = tuple(found[1] for found in _FIELD.finditer(text))
    return Template(text, names, re.compile(shape, re.DOTALL))
