"""Pages for a browser that a person names."""

from rules_engine.cli.terminal import talk
from rules_engine.cli.writing import write_over
from rules_engine.plan.forecast import Forecast
from rules_engine.plan.model import Plan
from rules_engine.report.html.page import BEGINS, page
from rules_engine.values.text import escape


def save_page(plan: Plan, path: str, *, quiet: bool, forecast: Forecast | None = None) -> None:
    """Write the plan, and what is foreseen after it, as a page to the file at `path`, replacing an earlier page there.

    Raises:
        RefusedError: when something that is no page of a plan stands there, or the file cannot be written.
    """
    pieces = (piece.encode() for piece in page(plan, forecast))
    write_over(path, pieces, begins=BEGINS.encode(), what="page of a plan")
    if not quiet:
        talk(f"the plan is in `{escape(path)}`; open it in a browser, it needs no network")
