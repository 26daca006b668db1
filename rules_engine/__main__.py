"""`python -m rules_engine` is `rules`."""

from rules_engine.cli.main import main

main()
