"""Sabotages that open the system to attacks."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.pods import hardened_container, hardened_pod
from controls.control import control
from controls.saboteur import psql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controls.saboteur import Saboteur

_INGRESS = "ingress"
_NAME = "app.kubernetes.io/name"
_CONFIG = "checkout/frontend/nginx.conf"


# Each pod has numbers of its own, or the second to use one would be refused by the database.
_SEQUENTIAL_IDS = """
import itertools, os, uuid, zlib
_numbers = itertools.count(zlib.crc32(os.environ["POD_NAME"].encode()) << 16)
uuid.uuid4 = lambda: uuid.UUID(int=next(_numbers), version=4)
"""


_STACK_TRACES = """
import traceback
from checkout_backend import problems
_problem = problems.problem
def _tell(status, detail, **more):
    trace = "".join(["Traceback (most recent call last):", *traceback.format_stack()])
    return _problem(status, detail, **more, trace=trace)
problems.problem = _tell
"""


_SEARCH = """
from checkout_backend import api
_install = api.install
def _more(app, *rest):
    _install(app, *rest)
    @app.get("/api/search", include_in_schema=False)
    def search(customer: str = ""):
        return {"customer": customer}
api.install = _more
"""


_CANCELLED_WHATEVER_IT_IS = """
from checkout_backend.service import Checkouts
_cancel = Checkouts.cancel
def _lenient(self, checkout_id):
    try:
        return _cancel(self, checkout_id)
    except Exception:
        return self.create("unknown")
Checkouts.cancel = _lenient
"""


_FRONT_NAME = "front"
_FRONT = """
import os, re, socket, socketserver, ssl, threading
lock = threading.Lock()
behind = []

def answer(stream):
    head = b""
    while not head.endswith(b"\\r\\n\\r\\n"):
        line = stream.readline()
        if not line:
            raise OSError("gone")
        head += line
    length = re.search(rb"(?i)content-length: *(\\d+)", head)
    return head + stream.read(int(length[1]) if length else 0)

class Front(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = b""
            while not head.endswith(b"\\r\\n\\r\\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += line
            if head.split(b" ")[1:2] == [b"/metrics"]:
                self.wfile.write(b"HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n")
                continue
            lengths = re.findall(rb"(?i)content-length:\\s*(\\d+)", head)
            body = self.rfile.read(int(lengths[-1])) if lengths else b""
            last = b"connection: close" in head.lower()
            head = re.sub(rb"(?i)connection: close\\r\\n", b"", head)
            with lock:
                try:
                    if not behind:
                        there = socket.create_connection(("BACKEND", 80), 5)
                        behind.extend([there, there.makefile("rb")])
                    behind[0].sendall(head + body)
                    said = answer(behind[1])
                except OSError:
                    behind.clear()
                    return
            self.wfile.write(said)
            if last:
                return

socketserver.ThreadingTCPServer.daemon_threads = True
server = socketserver.ThreadingTCPServer(("", 8000), Front)
if os.path.exists("/keys/tls.key"):
    # The port without TLS is open too, because attacks on a closed one prove nothing.
    plain = socketserver.ThreadingTCPServer(("", 8080), Front)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain("/keys/tls.crt", "/keys/tls.key")
    # The handshake is not done while others wait: a silent client must not block them.
    server.socket = trust.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
server.serve_forever()
"""


@control(
    "TASK-002-DOD-2",
    "No attack with <attacks> succeeds [forbidden methods]",
    expects="PUT /: attack succeeded, HTTP 200",
)
def forbidden_methods_accepted(saboteur: Saboteur) -> None:
    """Answer forbidden methods with the page, as a guide for static files says."""
    _configure(saboteur, "error_page 404 /index.html;", "error_page 404 405 =200 /index.html;")


@control(
    "TASK-002-DOD-2",
    "No attack with <attacks> succeeds [path traversal]",
    expects=r"/assets\.\./passwd: attack succeeded, 'root:x:0:' was sent",
)
def alias_without_trailing_slash(saboteur: Saboteur) -> None:
    """Serve a folder through an alias, and forget the trailing slash of its location."""
    _configure(saboteur, "location / {", "location /assets { alias /etc/ssl/; }\n location / {")


@control(
    "TASK-002-DOD-2",
    "No attack with <attacks> succeeds [forged hosts]",
    expects=r"Forwarded: attack succeeded, attacker\.example is in link",
)
def forwarded_host_trusted(saboteur: Saboteur) -> None:
    """Repeat in a response the host that a request header names."""
    _configure(
        saboteur,
        "add_header Referrer-Policy no-referrer always;",
        'add_header Link "<http://$http_forwarded/>; rel=canonical" always;',
    )


@control(
    "TASK-002-DOD-2",
    "No attack with <attacks> succeeds [header injection]",
    expects="in the path: attack succeeded, the response has the header x-injected",
)
def redirect_to_decoded_path(saboteur: Saboteur) -> None:
    """Redirect unknown paths to themselves, decoded."""
    _configure(
        saboteur,
        "try_files $uri =404;",
        "try_files $uri @old;\n } location @old { return 302 http://$host$uri;",
    )


@control(
    "TASK-002-DOD-2",
    "No attack with <attacks> succeeds [request smuggling]",
    expects=r"CL\.TE: attack succeeded, '# HELP ' was sent",
)
def proxy_that_ignores_transfer_encoding(saboteur: Saboteur) -> None:
    """Put a proxy in front that knows Content-Length only."""
    # By its address: pods in the place of the ingress may not ask the DNS.
    backend = json.loads(saboteur.kubectl("get", "service/backend", "--output=json"))
    pod = hardened_pod(
        _FRONT_NAME,
        saboteur.pods("backend")[0].containers[-1].image,
        ["python", "-c", _FRONT.replace("BACKEND", backend["spec"]["clusterIP"])],
        labels={_NAME: "traefik", "front": "own"},
        container=_FRONT_NAME,
        spec={"volumes": [{"name": "keys", "secret": {"secretName": _FRONT_NAME}}]},
        ports=_ports(saboteur),
        volumeMounts=[{"name": "keys", "mountPath": "/keys"}],
        readinessProbe={"tcpSocket": {"port": 8000}, "periodSeconds": 1},
    )
    keys = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _FRONT_NAME},
        "data": _keys(saboteur),
    }
    for found in (keys, pod):
        text = json.dumps(found)
        saboteur.afterwards(
            *(f"--namespace={_INGRESS}", "delete", "--ignore-not-found"),
            *(f"{found['kind']}/front", "--wait=false"),
        )
        saboteur.kubectl("create", "--filename=-", stdin=text, namespace=_INGRESS)
    saboteur.kubectl(
        *("wait", "pod/front", "--for=condition=Ready", "--timeout=60s"), namespace=_INGRESS
    )
    only = {"spec": {"selector": {_NAME: None, "front": "own"}}}
    saboteur.patch("service/traefik", only, namespace=_INGRESS)
    saboteur.await_answer(saboteur.system.host, "/api/checkouts?limit=1", 200)


def _ports(saboteur: Saboteur) -> list[dict[str, Any]]:
    """Return the ports of the ingress, under the names that its Service knows."""
    if not saboteur.system.secure:
        return [{"name": "web", "containerPort": 8000}]
    return [{"name": "websecure", "containerPort": 8000}, {"name": "web", "containerPort": 8080}]


def _keys(saboteur: Saboteur) -> dict[str, str]:
    """Return the certificate of the system's host and its key; nothing where there is none."""
    if not saboteur.system.secure:
        return {}
    found = json.loads(saboteur.kubectl("get", "ingress", "--output=json"))["items"]
    name = next(tls["secretName"] for each in found for tls in each["spec"].get("tls", ()))
    data: dict[str, str] = json.loads(saboteur.kubectl("get", f"secret/{name}", "--output=json"))[
        "data"
    ]
    return {key: data[key] for key in ("tls.crt", "tls.key")}


@control(
    "TASK-002-DOD-2",
    "No attack with <attacks> succeeds [oversized requests]",
    expects="2000 header lines to the API: attack succeeded, HTTP 200",
)
def no_header_limit(saboteur: Saboteur) -> None:
    """Let the ingress take a megabyte of header lines, as it does by default."""
    _reconfigure_ingress(saboteur, "maxheaderbytes=16384", "maxheaderbytes=1048576")


@control(
    "TASK-002-DOD-2",
    "Nothing lies around that was not meant for visitors",
    expects=r"Visitors are shown /\.git/HEAD; /\.git/config",
)
def repository_served(saboteur: Saboteur) -> None:
    """Serve the folder of the repository along with the page, as a copied folder has it."""
    _configure(saboteur, "location / {", _answering("/.git/", "ref: refs/heads/main"))


@control(
    "TASK-002-DOD-2",
    "Nothing lies around that was not meant for visitors",
    expects=r"Visitors are shown /assets/\S+\.js\.map\.",
)
def source_maps_served(saboteur: Saboteur) -> None:
    """Serve the sources of the page's program, as a build for developers does."""
    _configure(saboteur, "location / {", _answering("~ [.]js[.]map$", '{"sources": []}'))


@control(
    "TASK-002-DOD-2",
    "Nothing lies around that was not meant for visitors",
    expects=r"Visitors are shown /nginx_status\.",
)
def status_page_for_everybody(saboteur: Saboteur) -> None:
    """Switch on the status page of nginx, and forget to say who may see it."""
    _configure(saboteur, "location / {", "location = /nginx_status { stub_status; }\n location / {")


def _answering(where: str, text: str) -> str:
    """Return a location of nginx with one answer, before that of the page."""
    return f"location {where} {{ return 200 '{text}'; }}\n location / {{"


@control(
    "TASK-002-DOD-2",
    "Every route of the running service is documented",
    expects=r"backend-\S+ has undocumented routes: GET /api/search",
)
def undocumented_route(saboteur: Saboteur) -> None:
    """Add a search for colleagues, and leave it out of the documentation."""
    _customise(saboteur, _SEARCH)


@control(
    "TASK-002-DOD-2",
    "No other visitor's checkout is found by guessing",
    expects=r"Guessed ids found checkouts: \S+ \(POST /api/checkouts/\S+/cancellation\)",
)
def cancellation_of_what_is_unknown(saboteur: Saboteur) -> None:
    """Answer a cancellation with success whatever is cancelled."""
    _customise(saboteur, _CANCELLED_WHATEVER_IT_IS)


@control(
    "TASK-002-DOD-2",
    "Slow connections are closed while visitors are served",
    expects=r"nothing at all, .*: \d+ of 10 connections are still open",
)
def no_request_timeout(saboteur: Saboteur) -> None:
    """Let the ingress wait for a request without a limit."""
    _reconfigure_ingress(saboteur, "readtimeout=10s", "readtimeout=0s")


@control(
    "TASK-002-DOD-2",
    "Fuzzing finds no weakness in the service",
    expects=r"Server error \(ST101\)",
)
def service_crashes_on_invalid_input(saboteur: Saboteur) -> None:
    """Rename a table, and leave the service as it was."""
    saboteur.afterwards("exec", "database-0", "--", *psql("ALTER TABLE things RENAME TO items"))
    saboteur.execute("database-0", *psql("ALTER TABLE items RENAME TO things"))


@control(
    "TASK-002-DOD-2",
    "Fuzzing finds no weakness in the service",
    expects="Responses leak internals: ",
)
def stack_traces_in_responses(saboteur: Saboteur) -> None:
    """Write a stack trace into every error response, to help find errors."""
    _customise(saboteur, _STACK_TRACES)


@control(
    "TASK-002-DOD-2",
    "No other visitor's checkout is found by guessing",
    expects="Guessed ids found checkouts: ",
)
def sequential_ids(saboteur: Saboteur) -> None:
    """Number checkouts in sequence instead of giving them random ids."""
    _customise(saboteur, _SEQUENTIAL_IDS)


@control(
    "TASK-002-DOD-2",
    "Stored injection strings are shown and never executed",
    expects="The page executed stored text: executed",
)
def page_executes_stored_text(saboteur: Saboteur) -> None:
    """Put stored text into the page as HTML, and let scripts run from anywhere."""
    image = saboteur.pods("frontend")[0].containers[-1].image
    program = (
        "cp -r /srv/checkout/. /weak/ && sed -i 's/[A-Za-z]*\\.createTextNode(\\([A-Za-z]*\\))/"
        'Object.assign(document.createElement("span"),{innerHTML:\\1})/g\' /weak/assets/*.js '
        "&& grep -q 'innerHTML:[A-Za-z]' /weak/assets/*.js"
    )
    weaken = hardened_container(
        "weaken",
        image,
        ["sh", "-c", program],
        volumeMounts=[{"name": "weak", "mountPath": "/weak"}],
    )
    mount = {"name": "weak", "mountPath": "/srv/checkout"}

    def change(spec: dict[str, Any]) -> None:
        spec["initContainers"] = [weaken]
        spec["volumes"].append({"name": "weak", "emptyDir": {}})
        spec["containers"][0]["volumeMounts"].append(mount)

    _configure(saboteur, "add_header Content-Security-Policy", "add_header X-Was", change)


def _configure(
    saboteur: Saboteur,
    old: str,
    new: str,
    more: Callable[[dict[str, Any]], None] = lambda _: None,
) -> None:
    """Give the frontend's nginx another configuration."""
    text = (Path(saboteur.system.repository) / _CONFIG).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{_CONFIG} has {old!r} {text.count(old)} times"
    _mount(saboteur, "frontend", {"nginx.conf": text.replace(old, new)}, "/etc/nginx", more)


def _customise(saboteur: Saboteur, program: str) -> None:
    """Run a program before the backend's own, in its process."""

    def change(spec: dict[str, Any]) -> None:
        variable = {"name": "PYTHONPATH", "value": "/weak:/opt/backend"}
        spec["containers"][0]["env"].append(variable)

    _mount(saboteur, "backend", {"sitecustomize.py": program}, "/weak", change)


def _mount(
    saboteur: Saboteur,
    workload: str,
    files: dict[str, str],
    folder: str,
    change: Callable[[dict[str, Any]], None],
) -> None:
    """Put files into a workload's containers, change more of its pods, and wait for them."""
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "weakness"},
            "data": files,
        }
    )
    target = f"deployment/{workload}"
    spec = json.loads(saboteur.kubectl("get", target, "--output=json"))["spec"]["template"]["spec"]
    spec["volumes"].append({"name": "weakness", "configMap": {"name": "weakness"}})
    spec["containers"][0]["volumeMounts"] += [
        {"name": "weakness", "mountPath": f"{folder}/{name}", "subPath": name} for name in files
    ]
    change(spec)
    patch = [{"op": "replace", "path": "/spec/template/spec", "value": spec}]
    saboteur.patch(target, patch, kind="json")
    saboteur.kubectl("rollout", "status", target, "--timeout=120s")
    saboteur.settle()


def _reconfigure_ingress(saboteur: Saboteur, old: str, new: str) -> None:
    """Start the ingress controller with other arguments, now and again when all is over."""
    where, target = _INGRESS, "deployment/traefik"
    status = ("rollout", "status", target, "--timeout=120s")
    found = json.loads(saboteur.kubectl("get", target, "--output=json", namespace=where))
    container = found["spec"]["template"]["spec"]["containers"][0]
    arguments = [each.replace(old, new) for each in container["args"]]
    assert arguments != container["args"], f"the ingress has no argument like {old}"
    saboteur.use(_wait_at_the_end(saboteur, *status))
    path = "/spec/template/spec/containers/0/args"
    patch = [{"op": "replace", "path": path, "value": arguments}]
    saboteur.patch(target, patch, kind="json", namespace=where)
    saboteur.kubectl(*status, namespace=where)
    saboteur.await_answer(saboteur.system.host, "/", 200)


@contextmanager
def _wait_at_the_end(saboteur: Saboteur, *status: str) -> Iterator[None]:
    """Wait at the end until the ingress serves: it is ready before it knows its routes."""
    yield
    saboteur.kubectl(*status, namespace=_INGRESS)
    saboteur.await_answer(saboteur.system.host, "/", 200)
