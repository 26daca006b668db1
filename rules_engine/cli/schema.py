"""`rules schema`: the JSON Schemas of policies and cases, for editors, and of plans, for programs that read them."""

import click

from rules_engine.cli.options import exits
from rules_engine.cli.terminal import show
from rules_engine.policy.schema import CASES, KINDS, schema_text

_ALL = (*KINDS, CASES, "plan")


@click.command(short_help="print the JSON Schema of policies, cases and plans", epilog=exits())
@click.argument("kind", type=click.Choice(_ALL), required=False)
def schema(*, kind: str | None) -> None:
    """Print the JSON Schema of one KIND of document; without KIND, name the kinds."""
    show([schema_text(kind).rstrip("\n")] if kind is not None else _ALL)
