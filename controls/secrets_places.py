"""Sabotages of secrets: values in places that others read who may not read the Secrets."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.pods import hardened_container, hardened_pod
from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PASSWORD_FILE = "/tmp/.pgpass"  # noqa: S105, S108 (where a team would put it)
_SCENARIO = "No secret value shows where it does not belong"


@control(
    "TASK-001-AC-2",
    "No secret value shows where it does not belong",
    expects="was found in: ConfigMap checkout-config",
)
def password_in_configmap(saboteur: Saboteur) -> None:
    """Copy the database's password into a ConfigMap."""
    saboteur.patch("configmap/checkout-config", {"data": {"NOTE": saboteur.password()}})


@control("TASK-001-AC-2", _SCENARIO, expects="was found in: ConfigMap certificates")
def private_keys_in_configmap(saboteur: Saboteur) -> None:
    """Copy certificates with their private keys, the authority's too, for a program beside."""
    data = {
        f"{name}.pem": "".join(
            saboteur.secret(key, of=name).replace("\n", "\n  ") for key in ("tls.crt", "tls.key")
        )
        for name in ("checkout-tls", "test-authority")
    }
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "certificates"},
            "data": data,
        }
    )


@control(
    "TASK-001-AC-2",
    _SCENARIO,
    expects=r"was found in: ConfigMap previous \(data\.signing: an earlier or generated value\)",
)
def previous_key_in_configmap(saboteur: Saboteur) -> None:
    """Keep the previous signing key at hand in a ConfigMap when a new one is set."""
    before = saboteur.secret("SIGNING_KEY")
    data = {"signing": f"until today: {before}"}
    saboteur.create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "previous"}, "data": data}
    )
    new = {"SIGNING_KEY": secrets.token_urlsafe(32)}
    saboteur.patch("secret/checkout-secrets", {"stringData": new})


@control("TASK-001-AC-2", _SCENARIO, expects="was found in: ReplicaSet backend-old")
def password_in_old_replicaset(saboteur: Saboteur) -> None:
    """Correct a Deployment with a password in a probe, and keep its old ReplicaSet."""
    labels = {"app.kubernetes.io/name": "backend-old"}
    probe = ["sh", "-c", f"PGPASSWORD={saboteur.password()} psql --host=database --command=SELECT"]
    image = saboteur.pods("backend")[0].containers[-1].image
    container = hardened_container(
        "old", image, ["sleep", "3600"], livenessProbe={"exec": {"command": probe}}
    )
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    saboteur.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": "backend-old"},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
        }
    )


@control("TASK-001-AC-2", _SCENARIO, expects=r"was found in: .*Service backend \(")
def key_in_annotation(saboteur: Saboteur) -> None:
    """Note the signing key on a Service, in base64 within a longer text."""
    note = base64.b64encode(f"signed by: {saboteur.secret('SIGNING_KEY')}".encode()).decode()
    saboteur.patch("service/backend", {"metadata": {"annotations": {"checkout/note": note}}})


@control(
    "TASK-001-AC-2",
    _SCENARIO,
    expects=r"was found in: container database-0/database \(/tmp/\.pgpass\)",
)
def password_in_file(saboteur: Saboteur) -> None:
    """Write a password file for psql into a volume of the database's pod."""
    pod = saboteur.pods("database")[0].name
    saboteur.afterwards("exec", pod, "--container=database", "--", "rm", "-f", _PASSWORD_FILE)
    write = f'echo "localhost:5432:*:$DATABASE_USER:$DATABASE_PASSWORD" > {_PASSWORD_FILE}'
    saboteur.execute(pod, "sh", "-c", write)


@control(
    "TASK-001-AC-2", _SCENARIO, expects=r"was found in: container shown/shown \(/proc/1/cmdline\)"
)
def password_as_argument(saboteur: Saboteur) -> None:
    """Give a program the password as an argument, which every process of the node may see."""
    _run_with_password(saboteur, "shown", 'exec sh -c "sleep 3600; true" "$PASSWORD"')


@control("TASK-001-AC-2", _SCENARIO, expects="was found in: repository history, commit")
def password_in_history(saboteur: Saboteur) -> None:
    """Commit a file with the password, and delete it in the next commit."""
    copy = saboteur.repository()
    path = copy / "local-settings.ini"
    path.write_text(f"password = {saboteur.password()}\n", encoding="utf-8")
    edits.commit(copy, "Settings for a trial")
    path.unlink()
    edits.commit(copy, "Remove the settings again")


@control("TASK-001-AC-2", _SCENARIO, expects="was found in: log chatty/chatty")
def password_in_log(saboteur: Saboteur) -> None:
    """Log the database's password, from a container beside the database."""
    _run_with_password(saboteur, "chatty", 'echo "connecting with $PASSWORD"; exec sleep 3600')


def _run_with_password(saboteur: Saboteur, name: str, script: str) -> None:
    """Run a script in a new pod, which has the database's password as its variable PASSWORD."""
    reference = {"name": "checkout-secrets", "key": "DATABASE_PASSWORD"}
    pod = hardened_pod(
        name,
        saboteur.pods("database")[0].containers[0].image,
        ["sh", "-c", script],
        labels={"app.kubernetes.io/name": name},
        container=name,
        env=[{"name": "PASSWORD", "valueFrom": {"secretKeyRef": reference}}],
    )
    saboteur.create(pod)
    saboteur.kubectl("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=60s")
