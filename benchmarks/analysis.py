"""What `rules analyze` takes: `./dev bench-analysis`.

Every time is processor time of one analysis in this process, loading included; the set of fifty rules is the one that
the tests hold to five seconds.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from fifty_rules import fifty_rules  # noqa: E402 - it lies beside the tests

from rules_engine.analysis.analyze import analyze  # noqa: E402 - see above
from rules_engine.policy.load import load_policies  # noqa: E402 - see above
from rules_engine.policy.model import PolicySet  # noqa: E402 - see above

SETS: Final[dict[str, Callable[[], PolicySet]]] = {
    "shipped": lambda: load_policies([str(CHECKOUT / "policies")], environment={}),
    "legacy": lambda: load_policies([str(CHECKOUT / "policies" / "legacy")], environment={}),
    "fifty": fifty_rules,
}


def main() -> None:
    """Analyze each set, and print a line for it."""
    print("| policies | rules | findings | states | seconds |")
    print("|---|---|---|---|---|")
    for name, load in SETS.items():
        began = time.process_time()
        found = analyze(load())
        taken = time.process_time() - began
        kinds = Counter(one.kind for one in found.findings)
        said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        print(f"| {name} | {found.rules} | {said} | {found.states} | {taken:.2f} |")


if __name__ == "__main__":
    main()
