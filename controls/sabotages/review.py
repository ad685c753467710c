"""What goes wrong with reviews and with documentation: each in a copy of the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.process import run
from tests.fakes.github import REPOSITORY, TOKEN, FakeGitHub, serving

if TYPE_CHECKING:
    from pathlib import Path

    from controls.saboteur import Saboteur

_SECONDS = 30.0
_AUTHOR = ("-c", "user.name=Careless", "-c", "user.email=careless@team.example")


def a_self_approval(saboteur: Saboteur) -> None:
    """Approve one's own change."""
    copy = saboteur.repository()
    _commit(copy, "Quick fix\n\nReviewed-by: Careless <Careless@Team.example>")


def requested_changes(saboteur: Saboteur) -> None:
    """Merge a pull request whose reviewer approved it first and then asked for changes."""
    saboteur.repository()
    github = FakeGitHub()
    github.pull(7, ("bob", "APPROVED", "end"), ("bob", "CHANGES_REQUESTED", "end"))
    address = saboteur.use(serving(github))
    saboteur.environment(GITHUB_API_URL=address, GITHUB_REPOSITORY=REPOSITORY, GITHUB_TOKEN=TOKEN)


def an_undocumented_workload(saboteur: Saboteur) -> None:
    """Deploy one thing more, and write about it nowhere."""
    copy = saboteur.repository()
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: mailer\n"
    (copy / "manifests/base/mailer.yaml").write_text(manifest, encoding="utf-8")
    _commit(copy, "Send mails")


def an_undocumented_setting(saboteur: Saboteur) -> None:
    """Give the backend a setting that only its author knows."""
    copy = saboteur.repository()
    _append(copy / "manifests/base/configmap.yaml", '  FEATURE_FLAG: "on"\n')
    _commit(copy, "A flag")


def an_undocumented_target(saboteur: Saboteur) -> None:
    """Add a make target and tell nobody."""
    copy = saboteur.repository()
    _append(copy / "Makefile", "\n.PHONY: shine\nshine: ## Make everything shine\n\t@true\n")
    _commit(copy, "Shine")


def a_broken_link(saboteur: Saboteur) -> None:
    """Rename a page, and leave the links to it as they were."""
    copy = saboteur.repository()
    _git(copy, "mv", "docs/reference/settings.md", "docs/reference/configuration.md")
    _commit(copy, "A better name")


def a_broken_anchor(saboteur: Saboteur) -> None:
    """Reword a heading that other pages link to."""
    copy = saboteur.repository()
    _replace(copy / "CONTRIBUTING.md", "## First run", "## Getting started")
    _commit(copy, "A better heading")


def a_command_that_is_gone(saboteur: Saboteur) -> None:
    """Rename an option of pytest, and leave the pages as they were."""
    copy = saboteur.repository()
    renamed = '"--leave-cluster", dest="keep_cluster"'
    _replace(copy / "fixtures/plugin.py", '"--keep-cluster"', renamed)
    _commit(copy, "A better option")


def a_command_that_fails(saboteur: Saboteur) -> None:
    """Move what a documented command needs."""
    copy = saboteur.repository()
    _replace(copy / "manifests/base/kustomization.yaml", "- backend.yaml", "- api.yaml")
    _commit(copy, "Half of a rename")


def a_stale_page(saboteur: Saboteur) -> None:
    """Change what a page documents, and leave the page as it was."""
    copy = saboteur.repository()
    _replace(copy / "manifests/base/configmap.yaml", "LOG_LEVEL: info", "LOG_LEVEL: debug")
    _commit(copy, "Log everything")


def a_page_about_nothing(saboteur: Saboteur) -> None:
    """Write a page that never says what it documents, so that it can never be out of date."""
    copy = saboteur.repository()
    (copy / "docs/how-to/hope.md").write_text("# Hope\n", encoding="utf-8")
    _commit(copy, "Hope")


def _replace(path: Path, old: str, new: str) -> None:
    before = path.read_text(encoding="utf-8")
    after = before.replace(old, new)
    assert before != after, f"{path} does not hold {old}"
    path.write_text(after, encoding="utf-8")


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _commit(copy: Path, message: str) -> None:
    _git(copy, "add", "--all")
    _git(copy, *_AUTHOR, "commit", "--quiet", "--allow-empty", f"--message={message}")


def _git(copy: Path, *arguments: str) -> None:
    run(["git", *arguments], cwd=copy, timeout=_SECONDS)
