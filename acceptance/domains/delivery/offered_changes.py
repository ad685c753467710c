"""The looks of a change by which teams let changes past a scan, and what an offered one shows.

docs/adr/0015-security-scanning-in-ci.md gives the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.proposals import Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.delivery.drivers.act import WorkflowRun

PLAIN = Proposal()
"""A change that nothing distinguishes."""
PUSH, PULL_REQUEST = "push", "pull_request"
_OTHER_EVENTS = ("merge_group", "workflow_dispatch", "pull_request_target", "schedule")
"""Events that need not start the scan. If they do, it must not pass: the check has one name."""

_REFS = (
    *(
        "refs/heads/main",
        "refs/heads/hotfix/payment",
        "refs/heads/release/1.4",
        "refs/heads/develop",
    ),
    *(
        "refs/heads/staging",
        "refs/heads/production",
        "refs/heads/emergency",
        "refs/heads/docs/typo",
    ),
    *("refs/heads/dependabot/npm_and_yarn/vite-9.0.0", "refs/heads/renovate/vite-9.x"),
    *("refs/heads/gh-readonly-queue/main/pr-7-abc", "refs/heads/gh-pages", "refs/heads/skip-ci"),
    *("refs/heads/hotfix-payment", "refs/heads/wip/search", "refs/tags/v1.4.0"),
)
_SUBJECTS = (
    "Add a search [skip ci] [ci skip] [no ci] [skip actions] ***NO_CI*** [skip scan] [automated]",
    *("[skip ci] Add a search", "[hotfix] Pay again", "hotfix: pay again", "HOTFIX pay again"),
    *("URGENT: pay again", "Emergency fix [emergency]", "chore(release): 1.4.0", "Release 1.4.0"),
    *("Bump version to 1.4.0", "chore(deps): bump vite from 8 to 9", "docs: say it better", "WIP"),
    *("Merge pull request #7 from team/search", "Merge branch 'main' into search"),
    'Revert "Add a search"',
)
_ACTORS = (
    *("dependabot[bot]", "renovate[bot]", "github-actions[bot]", "mergify[bot]", "web-flow"),
    *("release-bot", "semantic-release-bot", "jenkins", "admin", "root", "devops"),
)
_FILES = (
    *("OFFERED.md", "docs/offered.md", "docs/offered.png", "offered.lock", "LICENSE", "Dockerfile"),
    *("checkout/frontend/src/offered.css", "checkout/frontend/public/offered.svg"),
    *("checkout/backend/tests/test_offered.py", "translations/offered.json"),
)
_KINDS = ("", "draft", "fork", "labelled")


def offered_changes(folders: Sequence[str], triggers: Sequence[str]) -> tuple[Proposal, ...]:
    """Return changes that have each look: a file once, the others with a push and a pull request.

    `folders` are the folders of the repository, `triggers` the events of the workflow.
    """
    paths = (*_FILES, *(f"{folder}/offered.txt" for folder in folders))
    each_twice = 2 * max(map(len, (_REFS, _SUBJECTS, _ACTORS, _KINDS)))
    count = max(each_twice, len(paths))
    found = []
    for number in range(count):
        ref, subject, actor, path, kind = (
            values[number % len(values)] for values in (_REFS, _SUBJECTS, _ACTORS, paths, _KINDS)
        )
        if number < count // 2:
            found.append(Proposal(PUSH, ref, subject, actor, path))
        else:
            found.append(Proposal(PULL_REQUEST, ref, subject, actor, path, kind))
    others = [each for each in _OTHER_EVENTS if each in triggers]
    return (*found, *(replace(PLAIN, event=each) for each in others))


def single_looks(proposal: Proposal) -> dict[str, Proposal]:
    """Return the plain change with one look of `proposal` each, by how that look is called."""
    words = {
        "event": f"offered by {proposal.event}",
        "ref": f"on {proposal.ref}",
        "subject": f'with the subject "{proposal.subject}"',
        "actor": f"by {proposal.actor}",
        "path": f"of {proposal.path}",
        "kind": f"in a pull request that is {proposal.kind}",
    }
    differ = [f.name for f in fields(Proposal) if getattr(proposal, f.name) != _plain(f.name)]
    found = {}
    for name in differ:
        looks = replace(PLAIN, **{name: getattr(proposal, name)})
        found[words[name]] = replace(looks, event=PULL_REQUEST) if name == "kind" else looks
    return found


def _plain(name: str) -> object:
    return getattr(PLAIN, name)


@dataclass(frozen=True)
class Attempt:
    """An offered change, the scans that the workflow started for it, and how the workflow ended."""

    proposal: Proposal
    scans: tuple[str, ...]
    """Command lines, without where the findings are written."""
    run: WorkflowRun


def gap(attempt: Attempt, plain: Attempt) -> str | None:
    """Return how the workflow treats a change differently from a plain one; None if it does not."""
    if not attempt.run.jobs:
        return "starts no job"
    if not attempt.scans:
        return "scans nothing"
    if attempt.scans != plain.scans:
        return f"scans by {'; '.join(attempt.scans)} instead of {'; '.join(plain.scans)}"
    if attempt.run.passed:
        return "passes although the scan fails"
    return None
