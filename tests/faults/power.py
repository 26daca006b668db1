"""Filesystems on loop devices whose power is cut at a call of a command, for the test and for `./dev faults power`."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shim import Case, Fault, Server, built, serving

SIZES: Final = {"ext4": "48M", "xfs": "320M"}
FLAGS: Final = {2: "nothing that was not synced", 1: "the journal without the data it speaks of"}
NAMES: Final = ("apply", "apply-recording-each", "restore", "trash-empty", "job-finish", "manifest-repair", "pin")
_MODULE: Final = Path(__file__).with_name("cutting.py")
_UNHARMED: Final = Case(Fault.COUNT)


@dataclass(frozen=True, order=True)
class Cut:
    """The command `name` loses its filesystem before the call of that number."""

    kind: str
    """Of the filesystem."""
    flags: int
    """What reaches the disk; see `FLAGS`."""
    name: str
    at: int


def missing() -> str:
    """Why no power can be cut here; empty where it can."""
    if os.geteuid() != 0:
        return "only root may mount a filesystem and shut it down"
    if built() is None:
        return "there is no compiler, and only a preloaded library can cut at a chosen call"
    lacking = [tool for tool in (*(f"mkfs.{kind}" for kind in SIZES), "mount") if shutil.which(tool) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed"
    with tempfile.TemporaryDirectory(prefix="power-") as place:
        try:
            with mounted(made_image(Path(place), "ext4"), Path(place) / "at"):
                return ""
        except subprocess.CalledProcessError:
            return "no loop device can be mounted here"


class Bench:
    """A server, and for each kind of filesystem and each command an image with its scene on it."""

    def __init__(self, server: Server, place: Path) -> None:
        self._server = server
        self._place = place
        self._at = place / "at"
        self._told = place / "told"
        self._images: dict[tuple[str, str], Path] = {}
        self._whole: dict[str, tuple[int, Any]] = {}

    def calls(self, name: str) -> int:
        """How many calls the command makes that change something."""
        return self._undisturbed(name)[0]

    def problems(self, cut: Cut) -> list[str]:
        """What is wrong after the power is back, and after the same command again."""
        image = self._place / "case.img"
        run_command("cp", "--sparse=always", str(self._image(cut.kind, cut.name)), str(image))
        self._told.write_text("")
        with mounted(image, self._at):
            case = Case(Fault.CUT, cut.at, filesystem=str(self._at), flags=cut.flags)
            ended = self._run("act", case, cut.name, told=str(self._told))
        if ended.status != -9:
            return [f"{cut}: it was not cut: {ended.said}"]
        with mounted(image, self._at):
            undone = self._run("undone", _UNHARMED, cut.name, told=str(self._told))
            again = self._run("finish", _UNHARMED, cut.name)
        if undone.status or again.status:
            return [f"{cut}: {undone.said}, {again.said}"]
        wrong, stands = again.said
        found = [*undone.said, *wrong, *_differences(stands, self._undisturbed(cut.name)[1])]
        return [f"{cut}: {problem}" for problem in found]

    def _undisturbed(self, name: str) -> tuple[int, Any]:
        if name not in self._whole:
            self._told.write_text("")
            image = self._place / "whole.img"
            run_command("cp", "--sparse=always", str(self._image("ext4", name)), str(image))
            with mounted(image, self._at):
                done = self._run("act", _UNHARMED, name, told=str(self._told))
                stands = self._run("settled", _UNHARMED, name)
            assert (done.status, stands.status) == (0, 0), (done.said, stands.said)
            self._whole[name] = len(done.calls), stands.said
        return self._whole[name]

    def _image(self, kind: str, name: str) -> Path:
        if (kind, name) not in self._images:
            image = made_image(self._place, kind, name)
            with mounted(image, self._at):
                made = self._run("make", _UNHARMED, name)
                assert made.status == 0, made.said
            self._images[kind, name] = image
        return self._images[kind, name]

    def _run(self, what: str, case: Case, name: str, **more: str) -> Any:
        return self._server.run(what, case, name=name, top=str(self._at / "scene"), **more)


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench with a directory of its own."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="power-")))
        yield Bench(stack.enter_context(serving(_MODULE)), place)


def made_image(place: Path, kind: str, name: str = "empty") -> Path:
    """A new image with an empty filesystem of that kind on it."""
    image = place / f"{kind}-{name}.img"
    run_command("truncate", "-s", SIZES[kind], str(image))
    run_command(f"mkfs.{kind}", "-q", str(image))
    return image


@contextmanager
def mounted(image: Path, at: Path, options: str = "loop") -> Iterator[None]:
    """The image mounted at that place while the block runs."""
    at.mkdir(exist_ok=True)
    run_command("mount", "-o", options, str(image), str(at))
    try:
        yield
    finally:
        run_command("umount", str(at))
        with suppress(OSError):
            at.rmdir()


def run_command(*command: str) -> None:
    """Run it, and fail where it does."""
    subprocess.run(command, check=True, capture_output=True)


def _differences(found: Any, wanted: Any) -> Iterator[str]:
    for key in wanted:
        if found[key] != wanted[key]:
            more = [one for one in found[key] if one not in wanted[key]]
            less = [one for one in wanted[key] if one not in found[key]]
            yield f"{key} differs: more {more}, less {less}"
