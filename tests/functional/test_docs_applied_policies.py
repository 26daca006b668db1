"""The page about applied policies shows lines that this version reads."""

import re
from pathlib import Path

from rules_engine.apply.applied import AREA, ORDER, read_applications, read_applied
from rules_engine.filesystem.root import Root

PAGE = (Path(__file__).parents[2] / "docs/reference/formats/policies.md").read_text("utf-8")
STORED, ORDERED = re.findall(r"^```json\n(.*?\n)```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_lines_of_the_page_are_read_as_the_page_says(tmp_path: Path) -> None:
    """An old file loads: its checks hold, and every key means what the tables say."""
    with Root.create(str(tmp_path)) as root:
        area = tmp_path / ".rules" / AREA
        area.mkdir()
        (area / "0000.json").write_text(STORED)
        (area / ORDER).write_text(ORDERED)
        (line,) = read_applications(root.require_state())
        assert (line.seq, line.at, line.digest, line.run_id) == (1, 1767225600000000000, "0000", "0123456789abcdef")
        found = read_applied(root.require_state(), "0000")
        assert (found.digest, found.folders) == ("0000", ("/srv/policies",))
        assert dict(found.sources) == {"policies/settings.yaml": "version: 1\nkind: settings\n"}
