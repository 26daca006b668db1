"""The page: its parts read from the package, its words from the view, its steps streamed into one JSON block."""

import base64
import hashlib
import os
from collections.abc import Iterator
from typing import Final

from rules_engine.plan.forecast import Forecast
from rules_engine.plan.model import Plan
from rules_engine.report.html.block import block
from rules_engine.report.html.chart import Chart
from rules_engine.report.html.gather import gather
from rules_engine.report.html.view import View

BEGINS: Final = "<!doctype html>\n<!-- rules-engine: a plan -->\n"
"""The first lines of every page: what may be written over by another one."""

_PARTS: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parts")
_SCRIPTS: Final = ("words.js", "steps.js", "tree.js", "squares.js", "map.js", "rows.js", "table.js", "page.js")


def page(plan: Plan, forecast: Forecast | None = None) -> Iterator[str]:
    """The text of the page, piece by piece, of a plan whose batches can be gone through twice; with what comes then."""
    # Late: no other command needs templates, and every command starts.
    import jinja2  # noqa: PLC0415 - see above
    import markupsafe  # noqa: PLC0415 - see above

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PARTS),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    script = "\n".join(['(() => {\n"use strict";', *map(_part, _SCRIPTS), "})();"])
    view = View(plan.header, plan.trailer, gather(plan.batches))
    yield BEGINS
    yield from environment.get_template("page.html").generate(
        view=view,
        chart=Chart(forecast) if forecast is not None else None,
        style=markupsafe.Markup(_part("page.css")),  # noqa: S704 - a file of ours
        script=markupsafe.Markup(script),  # noqa: S704 - files of ours
        # The browser runs this script and no other, so that a name which got out of its place still could do nothing.
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        # Safe in a script element: ASCII without `<`, `>` and `&`, whatever the names are.
        data=(markupsafe.Markup(piece) for piece in block(plan)),  # noqa: S704 - see above
    )


def _part(file: str) -> str:
    with open(os.path.join(_PARTS, file), encoding="utf-8") as part:
        return part.read()
