"""Sabotages of what containers hold: tokens, kubeconfigs, private keys and keys of clouds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.pods import hardened_container
from acceptance.drivers.self_signed import self_signed
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_SCENARIO = "No container holds a credential that opens something else"
_HOUR = 3600
_KUBECONFIG = """apiVersion: v1
kind: Config
current-context: support
users:
- name: support
  user: {username: support, password: support}
"""


@control(
    "TASK-002-AC-2",
    _SCENARIO,
    expects=r"backend-\S+/backend holds a token of a service account for \S+ in /",
)
def a_mounted_token(saboteur: Saboteur) -> None:
    """Mount the service account's token into the backend."""
    saboteur.change_pods("backend", {"automountServiceAccountToken": True})


@control(
    "TASK-002-AC-2",
    _SCENARIO,
    expects=r"backend-\S+/helper holds a token of a service account for vault in /srv/vault/",
)
def a_token_for_somebody_else_in_a_sidecar(saboteur: Saboteur) -> None:
    """Give a helper beside the backend a token for a vault, in a file of another name."""
    token = {"path": "password", "audience": "vault", "expirationSeconds": _HOUR}
    image = saboteur.pods("backend")[0].containers[0].image
    # As process 1 it would not end when it is told to.
    command = ["sh", "-c", "trap exit TERM; sleep 86400 & wait"]
    mount = {"name": "vault", "mountPath": "/srv/vault", "readOnly": True}
    helper = hardened_container("helper", image, command, volumeMounts=[mount])
    volume = {"name": "vault", "projected": {"sources": [{"serviceAccountToken": token}]}}
    saboteur.change_pods("backend", {"containers": [helper], "volumes": [volume]})


@control(
    "TASK-002-AC-2",
    _SCENARIO,
    expects=r"backend-\S+/backend holds a kubeconfig in /srv/support/",
)
def a_kubeconfig_in_a_configmap(saboteur: Saboteur) -> None:
    """Mount a kubeconfig into the backend, for a script of the support."""
    _mount_file(saboteur, "notes.txt", _KUBECONFIG)


@control(
    "TASK-002-AC-2",
    _SCENARIO,
    expects=r"backend-\S+/backend holds a private key from a ConfigMap in /srv/support/",
)
def a_private_key_in_a_configmap(saboteur: Saboteur) -> None:
    """Mount a private key into the backend that is kept beside the settings."""
    _mount_file(saboteur, "client.pem", self_signed("support"))


@control(
    "TASK-002-AC-2",
    _SCENARIO,
    expects=r"backend-\S+/backend holds a credential of a cloud in \$AWS_SECRET_ACCESS_KEY",
)
def a_key_of_a_cloud_in_a_variable(saboteur: Saboteur) -> None:
    """Give the backend the key of a cloud account, for uploads that are planned."""
    _change_backend(saboteur, {"env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "made-up"}]})


def _mount_file(saboteur: Saboteur, name: str, text: str) -> None:
    """Mount a file of a new ConfigMap into the backend."""
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "support"},
            "data": {name: text},
        }
    )
    _change_backend(
        saboteur,
        {"volumeMounts": [{"name": "support", "mountPath": "/srv/support", "readOnly": True}]},
        volumes=[{"name": "support", "configMap": {"name": "support"}}],
    )


def _change_backend(saboteur: Saboteur, container: dict[str, Any], **spec: object) -> None:
    saboteur.change_pods("backend", {"containers": [{"name": "backend", **container}], **spec})
