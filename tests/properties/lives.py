"""What the machine of `test_life_of_jobs.py` knows of jobs and of files."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from drawn_policies import Asked
from scenario import Made
from seed_words import Known

from rules_engine.jobs.models import CleanupPolicy


@dataclass
class Life:
    """What the machine knows of one job."""

    asked: Asked
    status: str
    """Running, completed, failed or died."""
    own: CleanupPolicy | None
    last_sign: int
    ended: int = 0

    def known(self) -> Known:
        """The job as the rules see it."""
        if self.status == "died":
            return Known("failed", self.last_sign, self.own)
        return Known(self.status, self.ended, self.own)


@dataclass
class Item:
    """One file on the disk: as each owner sees it; as nobody's, where it has none."""

    path: Path
    owners: dict[str, Made] = field(default_factory=dict)
    nobodys: Made | None = None

    def wrote(self, now: int) -> None:
        """Somebody wrote to it now."""
        self.owners = {one: replace(view, changed=now) for one, view in self.owners.items()}
        self.nobodys = replace(self.nobodys, changed=now) if self.nobodys is not None else None

    def views(self) -> Iterable[tuple[str | None, Made]]:
        """Each owner's id and how it sees the file."""
        if self.nobodys is not None and not self.owners:
            return [(None, self.nobodys)]
        return list(self.owners.items())
