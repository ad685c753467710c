"""Deploys a fake of a program: it answers every HTTP request with the same JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.pods import hardened_pod

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PORT = 9090
_PROGRAM = """
import http.server, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())

http.server.HTTPServer(("", 9090), Answer).serve_forever()
"""


def service(program: str) -> dict[str, object]:
    """Return the Service of a program, with its standard label."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": program, "labels": {"app.kubernetes.io/name": program}},
        "spec": {
            "selector": {"app.kubernetes.io/name": program},
            "ports": [{"name": "http", "port": _PORT}],
        },
    }


def deploy_fake(saboteur: Saboteur, program: str, answer: object) -> None:
    """Deploy a fake of `program` that answers every request with `answer`."""
    saboteur.create(service(program))
    pod = hardened_pod(
        program,
        saboteur.pods("backend")[0].containers[-1].image,
        ["python", "-c", _PROGRAM, json.dumps(answer)],
        labels={"app.kubernetes.io/name": program},
        container=program,
        readinessProbe={"httpGet": {"path": "/", "port": _PORT}, "periodSeconds": 1},
    )
    saboteur.create(pod)
    saboteur.kubectl("wait", f"pod/{program}", "--for=condition=Ready", "--timeout=60s")
