"""The laws that hold after many processes worked on one root at once; without a test of its own."""

import contextlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rules_engine.apply.model import Outcome
from rules_engine.cli.main import run
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import open_run_details, recorded_runs
from rules_engine.plan.model import StepAction
from rules_engine.values.vocabulary import EntryKind


def broken(top: Path, workers: int) -> tuple[Counter[str], list[str]]:
    """What the processes did, and which laws do not hold after it."""
    told = [json.loads((top / f"told-{number}.json").read_text()) for number in range(workers)]
    did = Counter(f"{name} {code}" for one in told for name, code, _ in one["said"])
    found = [f"`{name}` ended with {code}: {said}" for one in told for name, code, said in one["said"] if said]
    media = top / "media"
    stays = [
        *(f"hero/temp_{number}" for number in range(8)),
        *(path for one in told for path in (*one["running"], *one["held"])),
    ]
    found += [f"{path} is lost" for path in stays if not _is_whole(media / path, path)]
    deleted = Counter(_deleted(media))
    for path in (path for one in told for path in one["made"]):
        places = [one for one in (media / path, *(media / ".rules/trash").glob(f"*/{path}")) if one.exists()]
        if len(places) > 1 or not all(_is_whole(one, path) for one in places):
            found.append(f"{path} is at {[str(one) for one in places]}")
        times = deleted[path] + sum(deleted[f"{above}/"] for above in Path(path).parents)
        if not places and times != 1:
            found.append(f"{path} is nowhere, and {times} runs say that they deleted it")
        if places and times:
            found.append(f"{path} is there, and a run says that it deleted it")
    with contextlib.chdir(top):
        for command in (["manifest", "verify"], ["plan"], ["runs"], ["job", "list"], ["pin", "--list"]):
            out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                code = int(run(command))
            if code:
                found.append(f"`rules {' '.join(command)}` ended with {code}: {out.buffer.getvalue().decode()}")
    return did, found


def _is_whole(place: Path, path: str) -> bool:
    return place.is_file() and place.read_text() == path


def _deleted(media: Path) -> Iterator[str]:
    """Every file that a run says it deleted, by itself or with its directory."""
    with Root.open(str(media)) as root:
        for one in recorded_runs(root):
            with open_run_details(root, one.run_id) as details:
                for past in details.batches():
                    if past.batch.action is StepAction.DELETE:
                        yield from _done(past.batch.directory, zip(past.batch.entries, past.outcomes, strict=True))


def _done(directory: str, steps: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    for entry, outcome in steps:
        if outcome is not None and outcome.outcome is Outcome.DONE:
            path = f"{directory}/{entry.name}" if directory else entry.name
            yield f"{path}/" if entry.kind is EntryKind.DIRECTORY else path
