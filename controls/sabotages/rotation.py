"""What goes wrong with a rotation of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from controls.saboteur import Saboteur


def a_password_that_lives_on(saboteur: Saboteur) -> None:
    """Switch to the new password, and never take the old one away."""
    path = _code(saboteur, "credentials.py")
    _replace(path, "ALTER ROLE {role} NOLOGIN PASSWORD NULL;\n", "")
    _replace(
        path, "SELECT rolcanlogin OR rolpassword IS NOT NULL OR EXISTS", "SELECT false AND EXISTS"
    )


def pods_left_as_they_are(saboteur: Saboteur) -> None:
    """Change the Secret and the database, and forget the pods."""
    saboteur.afterwards("rollout", "restart", "deployment/backend")
    _replace(_code(saboteur, "fleet.py"), "        self._roll(mark)\n", "        return\n")


def a_backend_with_one_key(saboteur: Saboteur) -> None:
    """Run a backend that recognises only what the key has signed that it signs with."""
    command = ["sh", "-c", "unset SIGNING_KEY_ACCEPTED; exec python -m checkout_backend"]
    saboteur.patch(
        "deployment/backend",
        [{"op": "add", "path": "/spec/template/spec/containers/0/command", "value": command}],
        kind="json",
    )
    saboteur.settle()


def a_talkative_rotation(saboteur: Saboteur) -> None:
    """Leave a line in that somebody wrote to find a defect."""
    path = _code(saboteur, "sequence.py")
    _replace(path, "        begun = now()\n", "        print(held.values)\n        begun = now()\n")


def a_forgetful_rotation(saboteur: Saboteur) -> None:
    """Begin anew where new values were made already, and make others."""
    path = _code(saboteur, "sequence.py")
    forgetful = '        if held.rotation is None or held.rotation.phase == "begun":\n'
    _replace(path, "        if held.rotation is None:\n", forgetful)


def two_rotations_at_once(saboteur: Saboteur) -> None:
    """Take the Lease from whoever has it."""
    path = _code(saboteur, "lease.py")
    _replace(path, "            self._await_death(seen)\n", "")


def _code(saboteur: Saboteur, name: str) -> Path:
    return saboteur.repository() / "acceptance/rotation" / name


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")
