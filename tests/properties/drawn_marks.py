"""Pins and keep markers for the worlds of the laws: most worlds have none, so that the rules have their say."""

from typing import Final

from hypothesis import strategies as st
from makers import NOW, days_ago

from rules_engine.plan.given import Pin
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId

_PLACES: Final = (
    "misc",
    "misc/notes",
    "out/suits",
    "out/suits/shorts",
    "scratch/a",
    "scratch/a/slides",
    "scratch/b/x/y",
)
_UNTIL: Final = (None, None, NOW, Instant(NOW + 1), days_ago(-9), days_ago(1))
_THINGS: Final = (
    *({"path": RelPath(one)} for one in _PLACES),
    *({"path": RelPath(one)} for one in ("scratch/a/temp_1", "misc/x.part", "out/suits/final_001.mkv")),
    {"path": ROOT},
    *({"job": JobId(one)} for one in ("a", "b", "gone")),
)

pins = st.builds(
    lambda thing, until, reason: Pin(**thing, until=until, reason=reason),
    st.sampled_from(_THINGS),
    st.sampled_from(_UNTIL),
    st.sampled_from(("", "asked for", "a\nb")),
)
"""One pin of a path or job that a world may have, or may not; it may be over."""

marks = st.tuples(st.sampled_from((ROOT, *(RelPath(one) for one in _PLACES))), st.sampled_from((".rules-keep", "hold")))
"""A directory and the keep marker in it."""

some_pins = st.one_of(*(st.just(()) for _ in range(6)), st.lists(pins, min_size=1, max_size=3).map(tuple))
some_marks = st.one_of(*(st.just({}) for _ in range(6)), st.lists(marks, min_size=1, max_size=2).map(dict))
