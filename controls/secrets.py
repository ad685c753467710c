"""Sabotages of secrets: their configuration, where they may be found, and their rotation."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.pods import hardened_pod
from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_CODE = "operations/rotation"

_RULES_FILE = "/etc/checkout/pg_hba.conf"
"""Where the database's image has its host-based authentication."""


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
    "No secret value shows where it does not belong",
    expects="was found in: ConfigMap checkout-config",
)
def password_in_configmap(saboteur: Saboteur) -> None:
    """Copy the database's password into a ConfigMap."""
    saboteur.patch("configmap/checkout-config", {"data": {"NOTE": saboteur.password()}})


@control(
    "TASK-001-AC-2",
    "No secret value shows where it does not belong",
    expects="was found in: log chatty/chatty",
)
def password_in_log(saboteur: Saboteur) -> None:
    """Log the database's password, from a container beside the database."""
    reference = {"name": "checkout-secrets", "key": "DATABASE_PASSWORD"}
    pod = hardened_pod(
        "chatty",
        saboteur.pods("database")[0].containers[0].image,
        ["sh", "-c", 'echo "connecting with $PASSWORD"; exec sleep 3600'],
        labels={"app.kubernetes.io/name": "chatty"},
        container="chatty",
        env=[{"name": "PASSWORD", "valueFrom": {"secretKeyRef": reference}}],
    )
    saboteur.create(pod)
    saboteur.kubectl("wait", "pod/chatty", "--for=condition=Ready", "--timeout=60s")


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="The database accepts a wrong password",
)
def database_trusts_everybody(saboteur: Saboteur) -> None:
    """Set pg_hba.conf to `trust`: everybody logs in to the database without a password."""
    rules = "local all all peer\nhost all all all trust\n"
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "open"},
            "data": {"pg_hba.conf": rules},
        }
    )
    volume = {"name": "open", "configMap": {"name": "open"}}
    mount = {"name": "open", "mountPath": _RULES_FILE, "subPath": "pg_hba.conf"}
    template = "/spec/template/spec"
    saboteur.patch(
        "statefulset/database",
        [
            {"op": "add", "path": f"{template}/volumes/-", "value": volume},
            {"op": "add", "path": f"{template}/containers/0/volumeMounts/-", "value": mount},
        ],
        kind="json",
    )
    saboteur.settle()


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="does not accept the configured credentials",
)
def password_changed_only_in_database(saboteur: Saboteur) -> None:
    """Change the password in the database, and forget to configure the new one."""
    pod = saboteur.pods("database")[0].name
    saboteur.afterwards("delete", f"pod/{pod}")  # its start sets the configured one again
    change = f"ALTER ROLE {saboteur.database_user()} PASSWORD 'another'"
    saboteur.execute(
        pod, "psql", "--host=/run/postgresql", "--username=postgres", f"--command={change}"
    )


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
