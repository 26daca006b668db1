"""Worlds for the laws of the decision: policies, jobs and facts, small, crowded, and rich in what goes wrong."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from drawn_marks import some_marks, some_pins
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from makers import LAYOUT, NOW, SPAN, days, days_ago, directory, file, job, keep, layout, narrow, removal, wide
from world import World

from rules_engine.inventory.model import DirectoryFacts
from rules_engine.manifest.model import Damage, DeclaredDirectory, JobRecord, Liveness
from rules_engine.plan.given import Guards
from rules_engine.policy.model import (
    Action,
    After,
    FileSelector,
    JobSelector,
    PolicySet,
    Rule,
    Settings,
    Since,
    Tracked,
)
from rules_engine.policy.templates import parse_template
from rules_engine.values.paths import RelPath, join, sort_key, to_bytes
from rules_engine.values.quantities import FOREVER, ByteCount, Duration, Instant
from rules_engine.values.vocabulary import CleanupPolicy, EntryKind, FileType, JobStatus, JobType, Place, RuleName


def _tried(examples: int) -> settings:
    asked = int(os.environ.get("LAW_EXAMPLES", examples))
    return settings(max_examples=asked, deadline=None, suppress_health_check=[HealthCheck.too_slow])


FEWER: Final = _tried(50)
"""How a law is tried of which one example asks for thousands of decisions; `LAW_EXAMPLES` asks for more."""
LAW: Final = _tried(100)
"""How every other law is tried; `LAW_EXAMPLES` asks for more here too."""

TYPES: Final = tuple(FileType(one) for one in ("temp_slide", "final_video", "metadata", "undeclared"))
NAMES: Final = (
    "temp_1",
    "final_001.mkv",
    "slide_002.png",
    "x.part",
    "notes",
    "b\udcff",
    "a\nb",
    ".nfs01",
    "lost+found",
)
LAYOUTS: Final = (
    LAYOUT,
    layout(
        "beta",
        parameters=(("series", None),),
        workspace=parse_template("scratch/{job_id}"),
        directories=(directory("temp", Place.WORKSPACE, "temp_slide", "metadata"),),
        names=(),
        aliases=(),
        status=None,
    ),
)
ENDED: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})
_NARROW: Final = (
    None,
    narrow("temp_*", "*.part"),
    narrow("/scratch/"),
    narrow("/out/", "!final_*"),
    None,
    narrow("/**"),
    narrow("/misc/**", "!notes"),
)
_WIDE: Final = (
    None,
    wide("/misc/", "b*"),
    wide("notes"),
    wide("/out/suits/"),
    wide("slides"),
    wide("*.png", "x.*"),
    wide("/misc/b?"),
)
_AGES: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 40.0, 400.0)


def chosen(build: Callable[..., Any], **options: Sequence[Any]) -> st.SearchStrategy[Any]:
    """What `build` makes of one option of each field; one draw for all of them, which is many times as fast."""

    def made(raw: bytes) -> Any:
        picks = zip(options.items(), raw, strict=True)
        return build(**{field: some[byte % len(some)] for (field, some), byte in picks})

    return st.binary(min_size=len(options), max_size=len(options)).map(made)


PAST: Final = tuple(days_ago(age) for age in (400.0, 0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 40.0, 400.0))
TIMES: Final = (*PAST, *PAST, None, Instant(NOW + 1), days_ago(-9), Instant(NOW - 1), Instant(-7))
WAITS: Final = tuple(days(wait) for wait in (0.0, 0.5, 1.0, 5.0, 20.0))
_SELECTORS: Final = (
    JobSelector(statuses=ENDED),
    JobSelector(statuses=ENDED),
    JobSelector(statuses=frozenset({JobStatus.COMPLETED})),
    JobSelector(statuses=frozenset({JobStatus.FAILED})),
    JobSelector(types=frozenset({JobType("alpha")}), statuses=ENDED),
    JobSelector(types=frozenset({JobType("beta")}), statuses=ENDED),
    JobSelector(statuses=ENDED, parameters=(("language", frozenset({"en"})),)),
    JobSelector(statuses=ENDED, parameters=(("series", frozenset({"suits", "x"})),)),
)
_BEYOND: Final = (
    *_SELECTORS,
    *_SELECTORS,
    JobSelector(statuses=ENDED, beyond_newest=1),
    JobSelector(statuses=ENDED, beyond_newest=1, per=("series",)),
    JobSelector(types=frozenset({JobType("alpha")}), statuses=ENDED, beyond_newest=2),
    JobSelector(statuses=ENDED, parameters=(("language", frozenset({"en"})),), beyond_newest=1),
)
_NEWEST: Final = (
    JobSelector(newest=1),
    JobSelector(newest=2, per=("series",)),
    JobSelector(statuses=frozenset({JobStatus.COMPLETED}), newest=1, per=("language", "series")),
)
_AFTERS: Final = (
    *(After(wait) for wait in WAITS * 2),
    *(After(None, ((JobStatus.COMPLETED, wait), (JobStatus.FAILED, Duration(wait * 3)))) for wait in WAITS),
    After(days(100_000)),
)
_CLOCKS: Final = (None, None, Since.FINISHED, Since.CHANGED, Since.WRITTEN)
_ONE_TYPE: Final = frozenset({FileType("temp_slide")})

_file_selectors = chosen(
    FileSelector,
    match=_NARROW,
    exclude=(None, None, None, *_WIDE),
    types=(None,) * 6 + (_ONE_TYPE,),
    place=(None,) * 5 + (Place.WORKSPACE, Place.OUTPUT),
    tracked=(Tracked.ANY, Tracked.ANY, Tracked.TRACKED, Tracked.UNTRACKED),
    larger_than=(None,) * 6 + (ByteCount(5),),
    smaller_than=(None,) * 6 + (ByteCount(15),),
)


_removals = st.builds(
    lambda rule, files: replace(rule, files=files),
    chosen(
        Rule,
        name=(RuleName("old"),),
        span=(SPAN,),
        action=(Action.DELETE, Action.TRASH),
        jobs=_BEYOND,
        files=(FileSelector(),),
        deliverables=(False, True, True),
        after=_AFTERS,
        since=_CLOCKS,
        otherwise=(False, False, False, True),
        report_only=(False,) * 5 + (True,),
    ),
    _file_selectors,
)
_keeps = chosen(
    lambda jobs, tracked, match, size, since, keep_for: keep(
        jobs=jobs,
        files=FileSelector(match, tracked=tracked, larger_than=size),
        since=since,
        keep_for=keep_for,
    ),
    jobs=(JobSelector(), JobSelector(), *_SELECTORS, *_NEWEST),
    tracked=(Tracked.ANY, Tracked.TRACKED, Tracked.UNTRACKED),
    match=_WIDE[1:],
    size=(None, None, ByteCount(5)),
    since=_CLOCKS,
    keep_for=(None, None, *WAITS),
)


def removals(name: str, **fixed: Any) -> st.SearchStrategy[Rule]:
    """A removal rule of that name, with the fields that are given."""
    return _removals.map(lambda rule: replace(rule, name=RuleName(name), **fixed))


def keeps(name: str) -> st.SearchStrategy[Rule]:
    """A keep rule of that name."""
    return _keeps.map(lambda rule: replace(rule, name=RuleName(name)))


cleanups = chosen(
    CleanupPolicy,
    enabled=(True,) * 15 + (False,),
    retention=WAITS,
    preserve_on_failure=(*WAITS, FOREVER),
    file_types=(None,) * 9 + (_ONE_TYPE,),
    debug_mode_disables=(True, False),
)
_all_settings = st.builds(
    lambda cleanup, debug: Settings(debug=debug, cleanup=cleanup),
    cleanups,
    chosen(lambda debug: debug, debug=(False,) * 15 + (True,)),
)


_counts = chosen(
    dict,
    old=(0, 1, 2, 3, 4),
    stay=(0, 1, 1, 2),
    broom=((), (removal("broom", after=0, deliverables=True),)),
    order=(1, -1),
    layouts=(LAYOUTS, LAYOUTS, LAYOUTS, LAYOUTS[:1]),
)


@st.composite
def policy_sets(draw: st.DrawFn) -> PolicySet:
    """Up to four removal rules and two keep rules, in any order, with their settings and layouts."""
    counts = draw(_counts)
    rules = [replace(draw(_removals), name=RuleName(f"old-{place}")) for place in range(counts["old"])]
    rules += [replace(draw(_keeps), name=RuleName(f"stay-{place}")) for place in range(counts["stay"])]
    rules += counts["broom"]
    layouts = counts["layouts"]
    return PolicySet(tuple(rules[:: counts["order"]]), {one.job_type: one for one in layouts}, draw(_all_settings))


_jobs = chosen(
    dict,
    status=(JobStatus.COMPLETED,) * 6 + (JobStatus.FAILED,) * 4 + (JobStatus.RUNNING,) * 2 + (JobStatus.UNTRUSTED,),
    job_type=(JobType("alpha"),) * 3 + (JobType("beta"),),
    ended=TIMES,
    last_sign=PAST,
    liveness=(Liveness.DEAD, Liveness.DEAD, Liveness.ALIVE, Liveness.UNKNOWN),
    lease_until=(None, None, *PAST),
    parameters=({"series": "suits", "language": "en"}, {"series": "suits"}, {}, {"series": "other"}),
    cleanup=(None, CleanupPolicy()),
)
_rows = st.binary(min_size=2, max_size=8)


@st.composite
def jobs_of(draw: st.DrawFn, job_id: str) -> JobRecord:
    """A job of that id in any state."""
    workspace = f"scratch/{job_id}"
    places = (workspace, f"{workspace}/slides", "out/suits/shorts", "misc")
    declared: dict[RelPath, dict[str, FileType]] = {}
    for row in draw(_rows):
        names = declared.setdefault(RelPath(places[row % 4]), {})
        names[NAMES[row // 4 % len(NAMES)]] = TYPES[row % len(TYPES)]
    fields = draw(_jobs)
    if fields["cleanup"] is not None:
        fields["cleanup"] = draw(cleanups)
    return job(
        job_id,
        files=declared,
        directories={RelPath(f"{workspace}/slides"): DeclaredDirectory(None, FileType("temp_slide"))},
        status_link=RelPath(f"jobs/failed/{job_id}"),
        aliases=tuple(RelPath(f"{place}/{name}") for place in ("misc", "out/suits") for name in NAMES[3:]),
        **fields,
    )


_facts = chosen(
    dict,
    kind=(EntryKind.FILE,) * 9 + (EntryKind.LINK,) * 3 + (EntryKind.OTHER,),
    size=(10, 0, 5, 15, 20, None),
    mtime_ns=TIMES,
    ctime_ns=TIMES,
    vouched=(False, True),
)


_PLACES: Final = tuple(
    RelPath(one)
    for one in (
        "misc", "out/.git", "out/suits", "out/suits/shorts", "policies", "scratch", "scratch/a", "scratch/a/slides",
        "scratch/b", "scratch/b/slides", "scratch/b/x", "scratch/c",
    )
)  # fmt: skip


_places = st.lists(st.sampled_from(_PLACES), min_size=1, max_size=4, unique=True)
_names = st.binary(max_size=5)
_LISTED: Final = (*NAMES[:-2] * 3, *NAMES[-2:])


@st.composite
def listings(draw: st.DrawFn) -> tuple[DirectoryFacts, ...]:
    """Directories in order, with files in byte order of their names."""
    places = draw(_places)
    found: list[DirectoryFacts] = []
    for number, place in enumerate(sorted(places, key=sort_key)):
        names = {_LISTED[byte % len(_LISTED)] for byte in draw(_names)}
        files = tuple(file(join(place, name), **draw(_facts)) for name in sorted(names, key=to_bytes))
        below = tuple(one.rpartition("/")[2] for one in places if one.rpartition("/")[0] == place)
        found.append(DirectoryFacts(place, files, below, inode=number, complete=len(names) != 1))
    return tuple(found)


damages = chosen(
    Damage,
    job_id=("a", "z"),
    why=("line 2 is damaged",),
    below=((), (), (RelPath("misc"),), (RelPath("out/suits"), RelPath("scratch/a"))),
    anywhere=(False, True),
)


_policies, _listings, _known = policy_sets(), listings(), {one: jobs_of(one) for one in "abc"}
_extras = chosen(
    dict,
    ids=("ab", "a", "abc", "abc", ""),
    damaged=(False,) * 9 + (True,),
    own=((), (RelPath("policies"),)),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world in which every outcome of a decision occurs."""
    extras = draw(_extras)
    guards = Guards((draw(damages),) if extras["damaged"] else (), extras["own"], root_id="r", pins=draw(some_pins))
    jobs = tuple(draw(_known[one]) for one in extras["ids"])
    return World(draw(_policies), jobs, draw(_listings), guards, marked=draw(some_marks))
