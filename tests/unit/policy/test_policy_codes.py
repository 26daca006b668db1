"""The reference of diagnostics and the code name the same codes, and the cases show them."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
CODE = re.compile(r'"([PW]\d{3})"')
HEADING = re.compile(r"^### ([PW]\d{3}) \S", re.MULTILINE)
PACKAGE = REPOSITORY / "rules_engine"
CASES = REPOSITORY / "tests" / "cases" / "diagnostics"

# Of folders, files and caps: shown in test_policy_sources.py and test_policy_yamltext.py, since no text has them.
# Of the environment: test_policy_environment.py.
WITHOUT_CASE = {"P001", "P002", "P003", "P004", "P005", "P006", "P007", "P008", "P009", "P101", "P113", "P426"}


def _used() -> set[str]:
    """Every code that the package raises."""
    folders = (PACKAGE / name for name in ("policy", "analysis", "cases"))
    sources = [one for folder in folders for one in folder.glob("*.py")]
    return {code for source in sources for code in CODE.findall(source.read_text(encoding="utf-8"))}


def _described() -> list[str]:
    """Every code that the reference has a heading for, in its order."""
    pages = [REPOSITORY / "docs" / "reference" / name for name in ("diagnostics.md", "warnings.md")]
    texts = [page.read_text(encoding="utf-8") for page in pages if page.exists()]
    return [code for text in texts for code in HEADING.findall(text)]


def test_every_code_has_one_heading_and_every_heading_a_code() -> None:
    """Nothing is said that the reference does not explain, and nothing is explained that is never said."""
    described = _described()
    assert sorted(described) == sorted(_used())
    assert described == sorted(described)


def test_every_error_code_that_a_text_can_have_is_shown_by_a_case() -> None:
    """The cases cover every code of syntax, version, shape and meaning."""
    shown = {
        code
        for folder in (CASES, CASES.parent / "cases")
        for path in folder.glob("*.yaml")
        for code in re.findall(r"error\[(P\d{3})\]", path.read_text("utf-8"))
    }
    assert shown == {code for code in _used() if code.startswith("P")} - WITHOUT_CASE
