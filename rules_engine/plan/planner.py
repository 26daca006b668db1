"""Makes a plan: every directory of the inventory in order, every file decided, its steps batched."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from rules_engine import __version__
from rules_engine.inventory.model import Inventory
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.deciding import NOBODY, Deciding, Watch
from rules_engine.plan.elsewhere import Deciders, Task
from rules_engine.plan.emptying import old_trash
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.limits import raised, refusals
from rules_engine.plan.model import (
    Batch,
    Header,
    Plan,
    Trailer,
)
from rules_engine.plan.narrow import narrowed_to
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.releases import ASKED, check_release, release_refusals
from rules_engine.plan.staying import SumsByDirectory
from rules_engine.plan.subject import gather_evidence
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PATHSPEC_VERSION
from rules_engine.values.quantities import Instant, instant_from


def make_plan(
    policies: PolicySet,
    jobs: Iterable[JobRecord],
    inventory: Inventory,
    guards: Guards,
    *,
    now: datetime,
    ask: Ask,
    watch: Watch = NOBODY,
    deciders: Deciders | None = None,
) -> Plan:
    """The plan for everything in `inventory`.

    The decisions are made while its batches are gone through, which can be done once; the trailer is whole after that.
    `deciders` go on with a long one, where nobody watches; the plan stays the same.

    Raises:
        InvalidValueError: when `now` has no time zone, or `ask` names what is no limit or no earlier keep rule.
    """
    instant = instant_from(now)
    check_release(ask, guards.earlier)
    known = tuple(jobs)
    seen = gather_evidence(policies, known, guards, now=instant, marked=inventory.marked)
    seen = with_ranks(seen, policies, inventory.look_at)
    header = Header(
        now=instant,
        root_id=guards.root_id,
        policies_digest=policies.digest,
        limits=raised(policies.settings.limits, ask),
        versions={"pathspec": PATHSPEC_VERSION, "rules_engine": __version__},
        ask=_asked(ask),
    )
    if deciders is not None and inventory.source is not None and watch is NOBODY:
        deciders.prepare(Task(policies, known, guards, instant, ask, seen.ranks, inventory.source))
    elif deciders is not None:
        deciders.end()
        deciders = None
    staying = SumsByDirectory()
    deciding = Deciding(policies, OwnerIndex(known), seen, ask, staying, watch=watch)
    planner = _Planner(header, deciding, staying, deciders, (policies, guards, ask, instant))
    return Plan(header, planner.batches(inventory), planner.trailer)


def _asked(ask: Ask) -> dict[str, str]:
    limits = {f"limit {name}": "unlimited" if value is None else str(value) for name, value in ask.limits.items()}
    release = {ASKED: " ".join(sorted(ask.release))} if ask.release else {}
    return dict(sorted({**ask.said, **limits, **narrowed_to(ask), **release}.items()))


class _Planner:
    """One making of a plan; its trailer grows while the batches go by."""

    def __init__(
        self,
        header: Header,
        deciding: Deciding,
        staying: SumsByDirectory,
        deciders: Deciders | None,
        about_trash: tuple[PolicySet, Guards, Ask, Instant],
    ) -> None:
        self._header = header
        self._deciding = deciding
        self._staying = staying
        self._deciders = deciders
        self._summary = deciding.summary
        self._about_trash = about_trash

    @property
    def trailer(self) -> Trailer:
        return self._summary.trailer

    def batches(self, inventory: Inventory) -> Iterator[Batch]:
        yield from self._steps(inventory)
        yield from self._deciding.last_steps()
        yield from self._old_trash()
        trailer = self._summary.finish(inventory)
        trailer.kept_by_directory = self._staying.rows()
        trailer.units_kept = self._deciding.units.kept()
        trailer.releases = self._deciding.releases.summaries()
        clock = self._about_trash[1].clock
        trailer.refusals = [
            *refusals(self._header.limits, trailer, self._summary.untracked_removals),
            *release_refusals(trailer.releases),
            *([clock] if clock else []),
        ]

    def _steps(self, inventory: Inventory) -> Iterator[Batch]:
        """The steps on files, those that other processes decide behind those that are decided here."""
        deciding, deciders = self._deciding, self._deciders
        if deciders is None:
            yield from deciding.steps(inventory.directories)
            return
        inventory.can_leave = deciding.units.holds_nothing
        try:
            yield from deciding.steps(inventory.directories)
            if inventory.left:
                yield from deciders.decide(inventory, self._staying)
                for sums in deciders.sums(inventory):
                    deciding.take(sums)
        finally:
            # Also where nobody wants the rest of the plan.
            deciders.end()

    def _old_trash(self) -> Iterator[Batch]:
        batches, self._summary.trailer.trash = old_trash(*self._about_trash)
        for batch in batches:
            for entry in batch.entries:
                self._summary.count_trash(entry.size)
            yield batch
