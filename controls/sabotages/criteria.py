"""What goes wrong with systems: one function for each mistake or accident."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RULES_FILE = "/etc/checkout/pg_hba.conf"
"""Where the database's image has its host-based authentication."""


def a_dead_node(saboteur: Saboteur) -> None:
    """Register a node whose kubelet never reports."""
    saboteur.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ghost"}})


def no_dns(saboteur: Saboteur) -> None:
    """Point the cluster's DNS Service at pods that do not exist."""
    saboteur.patch(
        "service/kube-dns", {"spec": {"selector": {"nobody": "here"}}}, namespace="kube-system"
    )


def another_kubernetes(saboteur: Saboteur) -> None:
    """Claim k3s for a cluster that is none."""
    saboteur.claim(flavour="k3s")


def a_key_named_nowhere(saboteur: Saboteur) -> None:
    """Forget to name a secret key in configmap.yaml."""
    saboteur.patch("configmap/checkout-config", {"data": {"SECRET_KEYS": "DATABASE_PASSWORD"}})


def a_placeholder(saboteur: Saboteur) -> None:
    """Leave a placeholder where a secret value belongs, encoded once too often."""
    value = base64.b64encode(base64.b64encode(b"changeme")).decode("ascii")
    saboteur.patch("secret/checkout-secrets", {"data": {"SIGNING_KEY": value}})


def a_leaked_password(saboteur: Saboteur) -> None:
    """Copy the database's password into a ConfigMap."""
    saboteur.patch("configmap/checkout-config", {"data": {"NOTE": saboteur.password()}})


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


def another_password(saboteur: Saboteur) -> None:
    """Change the password in the database, and forget to configure the new one."""
    pod = saboteur.pods("database")[0].name
    saboteur.afterwards("delete", f"pod/{pod}")  # its start puts the configured one back
    change = f"ALTER ROLE {saboteur.database_user()} PASSWORD 'another'"
    saboteur.execute(
        pod, "psql", "--host=/run/postgresql", "--username=postgres", f"--command={change}"
    )


def data_in_the_pod(saboteur: Saboteur) -> None:
    """Keep the database's data in the pod instead of on its volume."""
    saboteur.patch(
        "statefulset/database",
        [
            {
                "op": "add",
                "path": "/spec/template/spec/volumes/-",
                "value": {"name": "scratch", "emptyDir": {}},
            },
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/volumeMounts/0/name",
                "value": "scratch",
            },
        ],
        kind="json",
    )
    # The tables are made again, in the empty database.
    saboteur.kubectl("rollout", "status", "statefulset/database", "--timeout=120s")
    saboteur.kubectl("rollout", "restart", "deployment/backend")
    saboteur.settle()


def one_backend(saboteur: Saboteur) -> None:
    """Deploy one replica of the backend."""
    _one(saboteur, "backend")


def one_frontend(saboteur: Saboteur) -> None:
    """Deploy one replica of the frontend."""
    _one(saboteur, "frontend")


def a_backend_left_out(saboteur: Saboteur) -> None:
    """Select only one of the backend's pods by its Service."""
    _left_out(saboteur, "backend")


def a_frontend_left_out(saboteur: Saboteur) -> None:
    """Select only one of the frontend's pods by its Service."""
    _left_out(saboteur, "frontend")


def a_careless_backend(saboteur: Saboteur) -> None:
    """Send visitors to backend pods that do not listen yet or end at once, and retry nowhere."""
    _careless(saboteur, "backend", "python -m checkout_backend")


def a_careless_frontend(saboteur: Saboteur) -> None:
    """Send visitors to frontend pods that do not listen yet or end at once, and retry nowhere."""
    _careless(saboteur, "frontend", "nginx -e stderr -g 'daemon off;'")


def a_wrong_route(saboteur: Saboteur) -> None:
    """Route /api to the frontend."""
    saboteur.patch(
        "ingress/checkout",
        [
            {
                "op": "replace",
                "path": "/spec/rules/0/http/paths/0/backend/service/name",
                "value": "frontend",
            }
        ],
        kind="json",
    )


def every_host(saboteur: Saboteur) -> None:
    """Serve the page under any name."""
    path = {
        "path": "/",
        "pathType": "Prefix",
        "backend": {"service": {"name": "frontend", "port": {"name": "http"}}},
    }
    saboteur.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "every-host"},
            "spec": {"ingressClassName": "nginx", "rules": [{"http": {"paths": [path]}}]},
        }
    )
    saboteur.await_answer("any-name.invalid", "/", 200)


def another_class(saboteur: Saboteur) -> None:
    """Give the ingress a class that is not nginx."""
    saboteur.patch("ingress/checkout", {"spec": {"ingressClassName": "other"}})


def no_liveness(saboteur: Saboteur) -> None:
    """Forget the frontend's liveness probe."""
    saboteur.patch(
        "deployment/frontend",
        [{"op": "remove", "path": "/spec/template/spec/containers/0/livenessProbe"}],
        kind="json",
    )
    saboteur.settle()


def a_restart(saboteur: Saboteur) -> None:
    """Let a container of the frontend crash once."""
    pod = saboteur.pods("frontend")[0]
    saboteur.afterwards("delete", f"pod/{pod.name}")
    saboteur.execute(pod.name, "sh", "-c", "kill 1")
    saboteur.await_restart("frontend", pod.name)


def a_lying_readiness(saboteur: Saboteur) -> None:
    """Ask the backend whether it is alive where it should be asked whether it is ready."""
    saboteur.patch(
        "deployment/backend",
        [
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/readinessProbe/httpGet/path",
                "value": "/healthz",
            }
        ],
        kind="json",
    )
    saboteur.settle()


def no_assets(saboteur: Saboteur) -> None:
    """Route the page's scripts to a server that does not have them."""
    _to_backend(saboteur, "/assets", "Prefix")


def no_icon(saboteur: Saboteur) -> None:
    """Lose the page's icon: the page works, and its visitors' consoles show an error."""
    _to_backend(saboteur, "/favicon.svg", "Exact")


def _one(saboteur: Saboteur, workload: str) -> None:
    saboteur.patch(f"deployment/{workload}", {"spec": {"replicas": 1}})
    saboteur.settle()


def _left_out(saboteur: Saboteur, workload: str) -> None:
    chosen = saboteur.pods(workload)[0].name
    saboteur.afterwards("label", f"pod/{chosen}", "chosen-")
    saboteur.kubectl("label", f"pod/{chosen}", "chosen=yes")
    saboteur.patch(f"service/{workload}", {"spec": {"selector": {"chosen": "yes"}}})
    time.sleep(1)  # the ingress hears of it by a watch of its own, which nobody can ask


def _careless(saboteur: Saboteur, workload: str, command: str) -> None:
    annotation = "nginx.ingress.kubernetes.io/proxy-next-upstream"
    once = {annotation: "off", f"{annotation}-tries": "1"}
    saboteur.patch("ingress/checkout", {"metadata": {"annotations": once}})
    container = "/spec/template/spec/containers/0"
    saboteur.patch(
        f"deployment/{workload}",
        [
            *(
                {"op": "remove", "path": f"{container}/{name}"}
                for name in ("lifecycle", "startupProbe", "readinessProbe")
            ),
            {
                "op": "add",
                "path": f"{container}/command",
                "value": ["sh", "-c", f"sleep 3; exec {command}"],
            },
        ],
        kind="json",
    )
    saboteur.settle()
    time.sleep(4)  # without probes nobody knows when the last pod began to listen


def _to_backend(saboteur: Saboteur, path: str, kind: str) -> None:
    service = {"name": "backend", "port": {"name": "http"}}
    rule = {"path": path, "pathType": kind, "backend": {"service": service}}
    saboteur.patch(
        "ingress/checkout",
        [{"op": "add", "path": "/spec/rules/0/http/paths/0", "value": rule}],
        kind="json",
    )
    asked = path if kind == "Exact" else f"{path}/none"
    saboteur.await_answer(saboteur.system.host, asked, 404)
