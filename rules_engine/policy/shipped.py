"""Where the policies are that ship with the program."""

import os
from typing import Final

LEGACY: Final = "legacy"
"""The folder, below the shipped one, of policies for a tree without manifests."""


def shipped_folder(package: str | None = None) -> str:
    """The folder of the shipped policies: in the package when installed from a wheel, else beside it."""
    package = package or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # An editable install has no `_policies`: the build puts it into wheels only.
    inside = os.path.join(package, "_policies")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "policies")


def legacy_folder(package: str | None = None) -> str:
    """The folder of the shipped policies that clean a tree without manifests."""
    return os.path.join(shipped_folder(package), LEGACY)
