"""Sabotages of what pages of alerts say beside what the scenarios follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PAGES = "docs/operations/alerts"
_READ = "Every alert has a page that says everything"
_SLOWNESS = "The page about slowness leads to the cause and cures it"


@control(
    "TASK-003-DOD-4", _READ, expects=r"certificate-near-end\.md has commands .* do harm: kubectl"
)
def a_block_that_deletes_everything(saboteur: Saboteur) -> None:
    """Delete all certificates where one request is meant, in commands that come second."""
    saboteur.edit(
        f"{_PAGES}/certificate-near-end.md",
        'delete certificaterequest "$REQUEST"',
        "delete certificates --all",
    )


@control(
    "TASK-003-DOD-4", _READ, expects=r"disk-filling\.md has commands .* do harm: kubectl delete"
)
def a_page_that_nobody_follows_and_that_deletes(saboteur: Saboteur) -> None:
    """Make room by deleting the pods that run, on the page that no scenario can follow."""
    saboteur.edit(
        f"{_PAGES}/disk-filling.md",
        "delete pods --all-namespaces --field-selector status.phase=Failed",
        "delete pods --all-namespaces --all",
    )


@control(
    "TASK-003-DOD-4", _READ, expects=r"no-ready-backend\.md has commands .* harm: .*replicas=0"
)
def a_sentence_that_stops_the_backend(saboteur: Saboteur) -> None:
    """Recommend in a sentence to scale the backend down before it is scaled up."""
    saboteur.edit(
        f"{_PAGES}/no-ready-backend.md",
        "`kubectl rollout undo deployment/backend`",
        "`kubectl scale deployment/backend --replicas=0`",
    )


@control(
    "TASK-003-DOD-4", _READ, expects=r"disk-filling\.md: node_filesystem_free.* selects nothing"
)
def a_query_that_selects_nothing(saboteur: Saboteur) -> None:
    """Ask for a metric by the name that another exporter has for it."""
    path = saboteur.repository() / _PAGES / "disk-filling.md"
    text = path.read_text(encoding="utf-8")
    changed = text.replace("node_filesystem_avail_bytes", "node_filesystem_free_space")
    assert changed != text, "The page asks for something else"
    path.write_text(changed, encoding="utf-8")


@control("TASK-003-DOD-4", _READ, expects="somebody called after 3 days, .* which .* does not say")
def help_after_three_days(saboteur: Saboteur) -> None:
    """Write days for minutes where the second person is called."""
    saboteur.edit(f"{_PAGES}/database-away.md", "After 30 minutes without", "After 3 days without")


@control(
    "TASK-003-DOD-4", _READ, expects="the pages of CrashLoop and SiteUnreachable say the same about"
)
def a_meaning_of_another_alert(saboteur: Saboteur) -> None:
    """Copy what another alert means, and forget to change it."""
    folder = saboteur.repository() / _PAGES
    path = folder / "crash-loop.md"
    own, other = (
        (folder / name)
        .read_text(encoding="utf-8")
        .partition("## Meaning\n")[2]
        .partition("\n## ")[0]
        for name in ("crash-loop.md", "site-unreachable.md")
    )
    text = path.read_text(encoding="utf-8")
    # The thresholds stay, because another check wants them.
    path.write_text(text.replace(own, other), encoding="utf-8")


@control(
    "TASK-003-DOD-4",
    _SLOWNESS,
    expects="latency-budget-burn.* hides it: it ended sessions",
)
def a_cure_that_ends_every_session(saboteur: Saboteur) -> None:
    """End all sessions, so that the one that holds the lock is among them."""
    path = saboteur.repository() / _PAGES / "latency-budget-burn.md"
    before, cure, after = path.read_text(encoding="utf-8").partition("```sh cure\n")
    begin, _, rest = after.partition("FROM (SELECT DISTINCT pid FROM pg_locks")
    assert rest, "The cure asks for something else"
    every = (
        "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend';"
    )
    others = rest.partition("\n")[2]
    path.write_text(f"{before}{cure}{begin}{every}\n{others}", encoding="utf-8")
