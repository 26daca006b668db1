"""`rules test`: runs the cases beside the policies, and says where they decide something else."""

from collections.abc import Sequence
from typing import Final

import click

from rules_engine.cases.comparing import CaseResult, try_case
from rules_engine.cases.coverage import RuleCoverage, coverage
from rules_engine.cases.load import check_cases
from rules_engine.cases.model import Case
from rules_engine.cli.options import exits, policies_option, tests_format_option
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.policy.load import PolicyError, load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.report.cases_documents import cases_document, cases_junit
from rules_engine.report.cases_text import cases_lines

_EXITS: Final = exits(
    ExitCode.SOME_FAILED,
    ExitCode.INVALID_POLICY,
    said={
        ExitCode.DONE: "done; every case passed",
        ExitCode.SOME_FAILED: "a case failed, or --require-coverage misses something",
        ExitCode.INVALID_POLICY: "a policy or a file of cases is invalid",
    },
)


@click.command(short_help="run the cases beside the policies", epilog=_EXITS)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True))
@policies_option
@click.option("--filter", "text", metavar="TEXT", help="Only cases whose name or file contains TEXT.")
@click.option(
    "--require-coverage",
    is_flag=True,
    help="Fail also where a rule decided in no case, or was held back in none.",
)
@tests_format_option
@click.option("--quiet", is_flag=True, expose_value=False, help="No remarks on stderr.")
@click.option("--verbose", is_flag=True, help="Show every rule with the number of cases that try it out.")
def test(
    *,
    paths: tuple[str, ...],
    folders: tuple[str, ...],
    text: str | None,
    require_coverage: bool,
    form: str,
    verbose: bool,
) -> int:
    """Run the cases of all `*.cases.yaml` in the policy folders, or at each PATH, with the policies.

    A case fails where something goes that it does not expect, and where something that it expects is not so. To find no
    case at all is an error (2).
    """
    if text is not None and require_coverage:
        raise click.UsageError("--require-coverage asks for all cases, and --filter leaves some out")
    # Without the environment: a variable of one machine must not make a reviewed case fail there.
    policies = load_policies(folders)
    results = tuple(try_case(case, policies) for case in _cases(paths or folders, policies, text))
    rules = coverage(results, policies)
    if form == "json":
        show([cases_document(results, rules)])
    elif form == "junit":
        show(cases_junit(results))
    else:
        show(cases_lines(results, rules, every_rule=verbose))
    return ExitCode.DONE if _is_good(results, rules if require_coverage else ()) else ExitCode.SOME_FAILED


def _is_good(results: Sequence[CaseResult], rules: Sequence[RuleCoverage]) -> bool:
    return all(result.passed for result in results) and all(rule.is_whole for rule in rules)


def _cases(paths: Sequence[str], policies: PolicySet, text: str | None) -> tuple[Case, ...]:
    checked = check_cases(paths, policies)
    if checked.diagnostics:
        raise PolicyError(checked.diagnostics, checked.sources)
    wanted = (text or "").casefold()
    found = tuple(one for one in checked.cases if wanted in f"{one.span.file}\n{one.name}".casefold())
    if not found:
        # What tests nothing must not look like what passes.
        what = f"no case contains `{text}`" if checked.cases else f"no `*.cases.yaml` in {' '.join(paths)}"
        raise click.UsageError(f"there is nothing to test: {what}")
    return found
