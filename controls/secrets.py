"""Sabotages of secrets: their configuration and their rotation."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_CODE = "operations/rotation"


@control(
    "TASK-001-AC-2",
    "Every key that a pod uses is configured and has a real value",
    expects="SIGNING_KEY, which no ConfigMap names",
)
def unlisted_secret_key(saboteur: Saboteur) -> None:
    """Forget to name a secret key in configmap.yaml."""
    saboteur.patch("configmap/checkout-config", {"data": {"SECRET_KEYS": "DATABASE_PASSWORD"}})


@control(
    "TASK-001-AC-2",
    "Every key that a pod uses is configured and has a real value",
    expects="SIGNING_KEY is a placeholder",
)
def placeholder_as_secret(saboteur: Saboteur) -> None:
    """Leave a placeholder in place of a secret value, encoded once too often."""
    value = base64.b64encode(base64.b64encode(b"changeme")).decode("ascii")
    saboteur.patch("secret/checkout-secrets", {"data": {"SIGNING_KEY": value}})


@control(
    "TASK-001-AC-2",
    "Every key that a pod uses is configured and has a real value",
    expects="DATABASE_PASSWORD is a placeholder",
)
def placeholder_that_is_a_sentence(saboteur: Saboteur) -> None:
    """Deploy what the template of the Secret says."""
    value = "change-this-in-production"
    saboteur.patch("secret/checkout-secrets", {"stringData": {"DATABASE_PASSWORD": value}})


@control(
    "TASK-001-AC-2",
    "Every key that a pod uses is configured and has a real value",
    expects="SIGNING_KEY is template syntax that nothing has filled in",
)
def template_not_filled_in(saboteur: Saboteur) -> None:
    """Apply a Secret without the program that fills in its variables."""
    value = "${CHECKOUT_SIGNING_KEY_OF_PRODUCTION}"
    saboteur.patch("secret/checkout-secrets", {"stringData": {"SIGNING_KEY": value}})


@control(
    "TASK-001-AC-2",
    "Every key that a pod uses is configured and has a real value",
    expects="DATABASE_PASSWORD consists of words that anybody would try",
)
def password_that_people_choose(saboteur: Saboteur) -> None:
    """Think of a password instead of generating one."""
    value = "Welcome2024!"
    saboteur.patch("secret/checkout-secrets", {"stringData": {"DATABASE_PASSWORD": value}})


@control(
    "TASK-002-AC-5",
    "The secrets are rotated while visitors are served",
    expects=r"The database still accepts the old password of checkout_[ab]\.",
)
def old_password_not_revoked(saboteur: Saboteur) -> None:
    """Switch to the new password, and never revoke the old one."""
    path = saboteur.repository() / _CODE / "database_roles.py"
    edits.replace(path, "ALTER ROLE {role} NOLOGIN PASSWORD NULL;\n", "")
    edits.replace(
        path, "SELECT rolcanlogin OR rolpassword IS NOT NULL OR EXISTS", "SELECT false AND EXISTS"
    )


@control(
    "TASK-002-AC-5",
    "The secrets are rotated while visitors are served",
    expects=r"backend-\S+ is logged in as no role instead of checkout_[ab]",
)
def pods_not_restarted(saboteur: Saboteur) -> None:
    """Change the Secret and the database, and do not restart the pods."""
    saboteur.afterwards("rollout", "restart", "deployment/backend")
    path = saboteur.repository() / _CODE / "backend_pods.py"
    edits.replace(path, "        self._roll_out(mark)\n", "        return\n")


@control(
    "TASK-002-AC-5",
    "The secrets are rotated while visitors are served",
    expects="A visitor was not served: .*HTTP 422",
)
def backend_ignores_accepted_key(saboteur: Saboteur) -> None:
    """Run a backend that accepts only what its own signing key has signed."""
    command = ["sh", "-c", "unset SIGNING_KEY_ACCEPTED; exec python -m checkout_backend"]
    saboteur.patch(
        "deployment/backend",
        [{"op": "add", "path": "/spec/template/spec/containers/0/command", "value": command}],
        kind="json",
    )
    saboteur.settle()


@control(
    "TASK-002-AC-5",
    "The secrets are rotated while visitors are served",
    expects=r"output and audit trail hold \d+ secret values",
)
def values_printed_while_rotating(saboteur: Saboteur) -> None:
    """Leave a debugging line in the code that prints the values."""
    path = saboteur.repository() / _CODE / "phases.py"
    edits.replace(
        path, "        begun = now()\n", "        print(secret.values)\n        begun = now()\n"
    )


@control(
    "TASK-002-AC-5",
    "An interrupted rotation resumes from its last phase",
    expects=r"There were \d+ rotations instead of one",
)
def interrupted_rotation_begun_anew(saboteur: Saboteur) -> None:
    """Make new values again where an interrupted rotation has made some already."""
    path = saboteur.repository() / _CODE / "phases.py"
    anew = '        if secret.rotation is None or secret.rotation.phase == "begun":\n'
    edits.replace(path, "        if secret.rotation is None:\n", anew)


@control(
    "TASK-002-AC-5",
    "An interrupted rotation resumes from its last phase",
    expects="A second rotation was not refused",
)
def lease_taken_from_its_holder(saboteur: Saboteur) -> None:
    """Take the Lease without waiting until it has expired."""
    path = saboteur.repository() / _CODE / "lease.py"
    edits.replace(path, "            self._await_expiry(seen)\n", "")
