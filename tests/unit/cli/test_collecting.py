"""While modules are loaded nothing is collected; a command that works is collected after."""

import gc

import click

from rules_engine.cli.commands import rules


def test_the_collector_begins_once_the_command_is_loaded() -> None:
    """Else a plan of a large tree would hold everything that it ever made."""
    gc.disable()
    try:
        assert rules.get_command(click.Context(rules), "check") is not None
        assert gc.isenabled()
        assert gc.get_freeze_count()
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_collector_that_runs_already_is_left_alone() -> None:
    """Who calls the command line from a program of their own keeps what they set."""
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    assert rules.get_command(click.Context(rules), "check") is not None
    assert gc.get_freeze_count() == frozen
