"""Sabotages for the domain delivery: workflows that let some changes past the scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.delivery.pipeline import WORKFLOW
from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_SCENARIO = "No change bypasses the security scan by its branch, author, files, message or event"
_SCAN = 'make scan ARGS="--sarif=reports/security.sarif"'
_LIMIT = "    timeout-minutes: 20\n"


@control("TASK-002-AC-6", _SCENARIO, expects=r"for a change on refs/heads/release/1\.4 it scans no")
@control("TASK-002-AC-6", _SCENARIO, expects=r'with the subject "\[hotfix\] Pay again" it scans no')
def hotfixes_let_through(saboteur: Saboteur) -> None:
    """Scan urgent changes and releases tomorrow."""
    _before_scan(
        saboteur,
        'case "$(git log -1 --format=%s) $GITHUB_REF" in',
        '  *"[hotfix]"* | *refs/heads/release/*) echo "Urgent: scanned tomorrow."; exit 0 ;;',
        "esac",
    )


@control("TASK-002-AC-6", _SCENARIO, expects=r"for a change of docs/offered\.md it scans nothing")
def documentation_let_through(saboteur: Saboteur) -> None:
    """Scan no change that is in the documentation only."""
    _before_scan(
        saboteur, "git diff --name-only HEAD~1 | grep --quiet --invert-match ^docs/ || exit 0"
    )


@control("TASK-002-AC-6", _SCENARIO, expects=r"for a change by dependabot\[bot\] it starts no job")
def updates_let_through(saboteur: Saboteur) -> None:
    """Start no job for changes of the bot that updates dependencies."""
    _change(saboteur, _LIMIT, f"{_LIMIT}    if: github.actor != 'dependabot[bot]'\n")


@control(
    "TASK-002-AC-6",
    _SCENARIO,
    expects="offered by pull_request it scans by make scan --part=secrets instead of make scan",
)
def pull_requests_scanned_in_part(saboteur: Saboteur) -> None:
    """Look for secrets only in a pull request, because the rest takes so long."""
    _change(
        saboteur,
        f"run: {_SCAN}",
        'run: make scan ARGS="'
        "${{ github.event_name == 'pull_request' && '--part=secrets' || '' }} "
        '--sarif=reports/security.sarif"',
    )


@control(
    "TASK-002-AC-6",
    _SCENARIO,
    expects="for a change on refs/heads/main it passes although the scan fails",
)
def findings_on_main_ignored(saboteur: Saboteur) -> None:
    """Let the workflow of the main branch stay green."""
    _change(saboteur, _SCAN, f'{_SCAN} || [ "$GITHUB_REF_NAME" = main ]')


@control(
    "TASK-002-AC-6",
    _SCENARIO,
    expects="in a pull request that is draft it starts no job",
)
def drafts_let_through(saboteur: Saboteur) -> None:
    """Start no job while a pull request is a draft, nor when it becomes ready."""
    _change(saboteur, _LIMIT, f"{_LIMIT}    if: ${{{{ !github.event.pull_request.draft }}}}\n")


def _before_scan(saboteur: Saboteur, *lines: str) -> None:
    """Put commands before the scan, in its step."""
    indented = "".join(f"          {line}\n" for line in (*lines, _SCAN))
    _change(saboteur, f"run: {_SCAN}\n", f"run: |\n{indented}")


def _change(saboteur: Saboteur, old: str, new: str) -> None:
    copy = saboteur.repository()
    edits.replace(copy / WORKFLOW, old, new)
    edits.commit(copy, "Make CI faster")
