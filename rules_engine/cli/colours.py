"""What a terminal paints on top of the text; nothing here adds or changes a character."""

from typing import ClassVar, Final

from rich.highlighter import RegexHighlighter
from rich.theme import Theme

THEME: Final = Theme(
    {
        "rules.heading": "bold",
        "rules.command": "bold cyan",
        "rules.refused": "bold red",
        "rules.delete": "red",
        "rules.trash": "yellow",
        "rules.keep": "green",
        "rules.name": "cyan",
        "rules.size": "magenta",
        "rules.dim": "dim",
    }
)


class RulesHighlighter(RegexHighlighter):
    """Headings, actions, names in backticks and sizes."""

    base_style = "rules."
    highlights: ClassVar[list[str]] = [
        r"^(?P<heading>── .*|Rules, also .*|Kept: .*|Falls due .*|Not looked at|.*when this plan is applied:)$",
        r"^(?P<heading>Nothing goes: .*|No file goes: .*|\d+ problems?: .*|freed .*)$",
        r"^(?P<command>\$ .*)$",
        r"^(?P<refused>REFUSED.*|DELIVERABLES.*|FAILED.*|DAMAGED.*)$",
        r"^  (?P<keep>STAYS)|^  (?P<delete>GOES)",
        r"(?<![\w/.-])(?P<delete>delete|error)(?![\w/.-])",
        r"(?<![\w/.-])(?P<trash>trash|warning)(?![\w/.-])",
        r"(?<![\w/.-])(?P<keep>keep)(?![\w/.-])",
        r"(?P<name>`[^`]+`)",
        r"(?<!\S)(?P<size>\d[\d.]* (?:B|[KMGTP]iB))\b",
        r"(?P<dim>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)",
    ]
