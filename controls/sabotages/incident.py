"""What goes wrong with incidents: one function for each mistake in the written page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.incident.response import PAGE

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


def nobody_to_speak(saboteur: Saboteur) -> None:
    """Forget to say who talks to customers."""
    _rewrite(saboteur, "| speaker |", "| management |")


def a_severity_without_a_time(saboteur: Saboteur) -> None:
    """Answer the worst of all as soon as possible."""
    _rewrite(saboteur, "| within 15 minutes | within 1 hour |", "| at once | as soon as possible |")


def an_old_drill(saboteur: Saboteur) -> None:
    """Drill once, and never again."""
    _rewrite(saboteur, "- 2026-11-25, by", "- 2020-02-29, by")


def a_quarantine_in_name_only(saboteur: Saboteur) -> None:
    """Label the suspect, and leave it in the traffic."""
    _rewrite(saboteur, " app.kubernetes.io/name- incident=", " incident=")


def a_suspect_that_is_deleted(saboteur: Saboteur) -> None:
    """Delete the suspect at once, and its traces with it."""
    _rewrite(
        saboteur,
        'label pod "$POD" app.kubernetes.io/name- incident=quarantined',
        'delete pod "$POD"',
    )


def evidence_without_its_log(saboteur: Saboteur) -> None:
    """Keep the objects and forget what the suspect wrote."""
    _rewrite(saboteur, '--prefix > "$FOLDER/log.txt"', "--prefix > /dev/null")


def evidence_with_secrets(saboteur: Saboteur) -> None:
    """Collect the environments of processes as well."""
    _rewrite(saboteur, 'tr "\\0" " " < "$each/cmdline"', 'tr "\\0" " " < "$each/environ"')


def evidence_without_a_seal(saboteur: Saboteur) -> None:
    """Write the hashes before the last file is there."""
    _rewrite(
        saboteur,
        '(cd "$FOLDER" && sha256sum -- * > SHA256SUMS)',
        '(cd "$FOLDER" && sha256sum -- *.yaml > SHA256SUMS)',
    )


def _rewrite(saboteur: Saboteur, old: str, new: str) -> None:
    path = saboteur.repository() / PAGE
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{PAGE} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")
