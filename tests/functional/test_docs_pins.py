"""The page about pins shows lines that this version reads."""

import re
from pathlib import Path

from rules_engine.apply.pins import PINS, PinLine, read_pin_lines
from rules_engine.filesystem.root import Root
from rules_engine.plan.given import Pin
from rules_engine.values.vocabulary import JobId

PAGE = (Path(__file__).parents[2] / "docs/reference/formats/pins.md").read_text("utf-8")
(LINES,) = re.findall(r"^```json\n(.*?\n)```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_lines_of_the_page_are_read_as_the_page_says(tmp_path: Path) -> None:
    """An old file loads: the pin that was taken away is gone, the other holds."""
    with Root.create(str(tmp_path)) as root:
        file = tmp_path / ".rules" / PINS
        file.write_text(LINES.partition("\n")[0] + "\n")
        (first,) = read_pin_lines(root.require_state())
        assert first.pin == Pin("output/Suits", None, "the festival", 1769904000000000000)
        assert (first.seq, first.at, first.user, first.host) == (1, 1767225600000000000, 1000, "alpha")
        file.write_text(LINES)
        (left,) = read_pin_lines(root.require_state())
        assert left.pin == Pin(job=JobId("s01e01-ko"))


def test_the_page_names_every_key() -> None:
    """And no other."""
    rows = re.findall(r"^\| (`.+?`) \| ", PAGE, re.MULTILINE)
    named = [key for row in rows for key in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted([*PinLine.__struct_fields__, "crc"])
