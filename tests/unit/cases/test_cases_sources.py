"""Files of cases on the disk: which are found, and what cannot be read."""

import os
from pathlib import Path

from casetexts import policies_with

from rules_engine.cases.load import check_cases
from rules_engine.policy.yamltext import LARGEST_FILE

TEXT = "version: 1\nkind: cases\ncases: [{{name: {}, expect: {{}}}}]\n"


def _codes(*paths: Path) -> list[str]:
    return [one.code for one in check_cases([str(path) for path in paths], policies_with()).diagnostics]


def test_the_files_directly_in_a_folder_are_found_in_name_order(tmp_path: Path) -> None:
    """By their ending; no policies, no asides of an editor, none further down, none twice."""
    (tmp_path / "below").mkdir()
    for name in ("b.cases.yaml", "a.cases.yml", "cleanup.yaml", ".#a.cases.yaml", "below/c.cases.yaml"):
        (tmp_path / name).write_text(TEXT.format(name[0]), encoding="utf-8")
    checked = check_cases([str(tmp_path), str(tmp_path / "b.cases.yaml")], policies_with())
    assert [case.name for case in checked.cases] == ["a", "b"]
    assert list(checked.sources) == [str(tmp_path / "a.cases.yml"), str(tmp_path / "b.cases.yaml")]


def test_a_file_is_read_whatever_its_name_when_it_is_given(tmp_path: Path) -> None:
    """Also through a link: cases decide nothing."""
    (tmp_path / "scenes").write_text(TEXT.format("it"), encoding="utf-8")
    (tmp_path / "link").symlink_to("scenes")
    assert [case.name for case in check_cases([str(tmp_path / "link")], policies_with()).cases] == ["it"]


def test_what_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    """Nothing waits for a writer, and nothing is passed over."""
    os.mkfifo(tmp_path / "a.cases.yaml")
    (tmp_path / "b.cases.yaml").symlink_to("nowhere")
    (tmp_path / "c.cases.yaml").write_bytes(b"\xff")
    (tmp_path / "d.cases.yaml").write_bytes(b" " * (LARGEST_FILE + 1))
    assert _codes(tmp_path) == ["P004", "P006", "P101", "P005"]
