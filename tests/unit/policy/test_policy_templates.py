"""Templates: what they fill, what they refuse, and which texts they could have made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.errors import InvalidValueError
from rules_engine.policy.templates import parse_template
from rules_engine.values.paths import RelPath


def test_fields_are_filled_and_numbers_are_formatted() -> None:
    """A field may stand more than once."""
    template = parse_template("{series}/{series}.{index:03d}{suffix}")
    assert template.fields == ("series", "series", "index", "suffix")
    assert template.fill({"series": "Suits", "index": 7, "suffix": ".mkv"}) == "Suits/Suits.007.mkv"


def test_a_field_without_a_value_is_an_error() -> None:
    """Nothing is filled with nothing."""
    with pytest.raises(InvalidValueError, match="needs a value for `series`"):
        parse_template("{series}").fill({})


def test_a_number_is_needed_where_a_format_stands() -> None:
    """Text cannot be padded with zeros."""
    with pytest.raises(InvalidValueError, match="needs a number for `index`, not `x`"):
        parse_template("{index:03d}").fill({"index": "x"})


@pytest.mark.parametrize("text", ["{", "}", "{Series}", "{a.b}", "{a!r}", "{a:>9}", "{}", "{{a}}"])
def test_a_brace_outside_a_field_is_an_error(text: str) -> None:
    """The format language of Python is not part of a policy."""
    with pytest.raises(InvalidValueError, match="has a brace outside a field"):
        parse_template(text)


def test_the_directory_that_a_template_made_is_found_above_a_path() -> None:
    """Fields are read as any name, and never across a slash."""
    template = parse_template("scratch/{job_id}")
    assert template.fits_above(RelPath("scratch/j1/slides/a.png")) == "scratch/j1"
    assert template.fits_above(RelPath("scratch/j1")) is None
    assert template.fits_above(RelPath("other/scratch/j1/a")) is None


NAME = st.text(alphabet="ab.*?[]{+$-", min_size=1, max_size=5)


@given(NAME, NAME, st.integers(0, 2000))
def test_a_template_fits_whatever_it_made(series: str, episode: str, index: int) -> None:
    """A published file is recognised by its name."""
    template = parse_template("x+{series}.{episode}{series}_{index:03d}")
    assert template.fits(template.fill({"series": series, "episode": episode, "index": index}))
