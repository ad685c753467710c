"""Sabotages of what the domain secrets judges: configuration, credentials and their rotation."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

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
    expects="SIGNING_KEY, named nowhere",
)
def a_key_named_nowhere(saboteur: Saboteur) -> None:
    """Forget to name a secret key in configmap.yaml."""
    saboteur.patch("configmap/checkout-config", {"data": {"SECRET_KEYS": "DATABASE_PASSWORD"}})


@control(
    "TASK-001-AC-2",
    "Every key that a pod uses is configured and has a real value",
    expects="SIGNING_KEY is a placeholder",
)
def a_placeholder(saboteur: Saboteur) -> None:
    """Leave a placeholder where a secret value belongs, encoded once too often."""
    value = base64.b64encode(base64.b64encode(b"changeme")).decode("ascii")
    saboteur.patch("secret/checkout-secrets", {"data": {"SIGNING_KEY": value}})


@control(
    "TASK-001-AC-2",
    "No secret value shows where it does not belong",
    expects="shows in: ConfigMap checkout-config",
)
def a_leaked_password(saboteur: Saboteur) -> None:
    """Copy the database's password into a ConfigMap."""
    saboteur.patch("configmap/checkout-config", {"data": {"NOTE": saboteur.password()}})


@control(
    "TASK-001-AC-2",
    "No secret value shows where it does not belong",
    expects="shows in: log chatty/chatty",
)
def a_secret_in_the_log(saboteur: Saboteur) -> None:
    """Log the database's password, from a container beside the database."""
    container = {
        "name": "chatty",
        "image": saboteur.pods("database")[0].containers[0].image,
        "command": ["sh", "-c", 'echo "connecting with $PASSWORD"; exec sleep 3600'],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "env": [
            {
                "name": "PASSWORD",
                "valueFrom": {
                    "secretKeyRef": {"name": "checkout-secrets", "key": "DATABASE_PASSWORD"}
                },
            }
        ],
    }
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "chatty", "labels": {"app.kubernetes.io/name": "chatty"}},
            "spec": {
                "containers": [container],
                "terminationGracePeriodSeconds": 0,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            },
        }
    )
    saboteur.kubectl("wait", "pod/chatty", "--for=condition=Ready", "--timeout=60s")


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="The database accepts a wrong password",
)
def an_open_database(saboteur: Saboteur) -> None:
    """Let everybody log in to the database without a password."""
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
def another_password(saboteur: Saboteur) -> None:
    """Change the password in the database, and forget to configure the new one."""
    pod = saboteur.pods("database")[0].name
    saboteur.afterwards("delete", f"pod/{pod}")  # its start puts the configured one back
    change = f"ALTER ROLE {saboteur.database_user()} PASSWORD 'another'"
    saboteur.execute(
        pod, "psql", "--host=/run/postgresql", "--username=postgres", f"--command={change}"
    )


@control(
    "TASK-002-AC-5",
    "The secrets are replaced while visitors come",
    expects=r"The database still accepts the old password of checkout_[ab]\.",
)
def a_password_that_lives_on(saboteur: Saboteur) -> None:
    """Switch to the new password, and never take the old one away."""
    path = saboteur.repository() / _CODE / "credentials.py"
    edits.replace(path, "ALTER ROLE {role} NOLOGIN PASSWORD NULL;\n", "")
    edits.replace(
        path, "SELECT rolcanlogin OR rolpassword IS NOT NULL OR EXISTS", "SELECT false AND EXISTS"
    )


@control(
    "TASK-002-AC-5",
    "The secrets are replaced while visitors come",
    expects=r"backend-\S+ uses no role, and not checkout_[ab]",
)
def pods_left_as_they_are(saboteur: Saboteur) -> None:
    """Change the Secret and the database, and forget the pods."""
    saboteur.afterwards("rollout", "restart", "deployment/backend")
    edits.replace(
        saboteur.repository() / _CODE / "fleet.py", "        self._roll(mark)\n", "        return\n"
    )


@control(
    "TASK-002-AC-5",
    "The secrets are replaced while visitors come",
    expects="A visitor was not served: .*HTTP 422",
)
def a_backend_with_one_key(saboteur: Saboteur) -> None:
    """Run a backend that recognises only what the key has signed that it signs with."""
    command = ["sh", "-c", "unset SIGNING_KEY_ACCEPTED; exec python -m checkout_backend"]
    saboteur.patch(
        "deployment/backend",
        [{"op": "add", "path": "/spec/template/spec/containers/0/command", "value": command}],
        kind="json",
    )
    saboteur.settle()


@control(
    "TASK-002-AC-5",
    "The secrets are replaced while visitors come",
    expects=r"The rotation tells \d+ secret values",
)
def a_talkative_rotation(saboteur: Saboteur) -> None:
    """Leave a line in that somebody wrote to find a defect."""
    path = saboteur.repository() / _CODE / "sequence.py"
    edits.replace(
        path, "        begun = now()\n", "        print(held.values)\n        begun = now()\n"
    )


@control(
    "TASK-002-AC-5",
    "A rotation that is killed half-way goes on where it was",
    expects=r"There were \d+ rotations instead of one",
)
def a_forgetful_rotation(saboteur: Saboteur) -> None:
    """Begin anew where new values were made already, and make others."""
    path = saboteur.repository() / _CODE / "sequence.py"
    forgetful = '        if held.rotation is None or held.rotation.phase == "begun":\n'
    edits.replace(path, "        if held.rotation is None:\n", forgetful)


@control(
    "TASK-002-AC-5",
    "A rotation that is killed half-way goes on where it was",
    expects="A second rotation was not refused",
)
def two_rotations_at_once(saboteur: Saboteur) -> None:
    """Take the Lease from whoever has it."""
    path = saboteur.repository() / _CODE / "lease.py"
    edits.replace(path, "            self._await_death(seen)\n", "")
