"""`rules schema`: the JSON Schema of a kind of policy, for editors."""

import click

from rules_engine.cli.options import exits
from rules_engine.cli.terminal import show
from rules_engine.policy.schema import KINDS, schema_text


@click.command(epilog=exits())
@click.argument("kind", type=click.Choice(KINDS), required=False)
def schema(*, kind: str | None) -> None:
    """Print the JSON Schema of one KIND of policy; without KIND, name the kinds."""
    show([schema_text(kind).rstrip("\n")] if kind is not None else KINDS)
