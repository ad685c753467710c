"""A small Kubernetes API server over real HTTP, whose state a test sets and looks at."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.fakes.http_server import served

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

Item = dict[str, Any]


@dataclass
class FakeApi:
    """Objects by their path, as in api/v1/namespaces/checkout; and the requests that came."""

    objects: dict[str, Item] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """Method and path of each request that changes something."""
    forbidden: set[str] = field(default_factory=set)
    """Paths that answer 403."""
    stuck: set[str] = field(default_factory=set)
    """Paths of objects that stay though they were deleted, as by a finalizer."""
    deaf: bool = False
    """Lists ignore the label selector."""
    changed: threading.Event = field(default_factory=threading.Event)
    """Set it to send an event to the watches that are open."""

    def put(self, path: str, *, labels: dict[str, str] | None = None, **more: Any) -> Item:  # noqa: ANN401
        """Set the object at `path`, with a uid of its own."""
        name = path.rpartition("/")[2]
        uid = f"uid-{name}-{len(self.requests)}"
        item = {"metadata": {"name": name, "uid": uid, "labels": labels or {}}, **more}
        self.objects[path] = item
        return item

    def node(self, name: str, *, ready: bool) -> None:
        """Set a node that is Ready or not, and tell the watches."""
        status = "True" if ready else "False"
        reason = "KubeletReady" if ready else "KubeletNotReady"
        condition = {"type": "Ready", "status": status, "reason": reason}
        self.put(f"api/v1/nodes/{name}", status={"conditions": [condition]})
        self.changed.set()

    def kubeconfig(self, path: Path, port: int) -> None:
        """Write a kubeconfig with the contexts `this` and, unreachable, `other`."""
        servers = {"this": port, "other": 1}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "other",
            "clusters": [
                {"name": name, "cluster": {"server": f"http://127.0.0.1:{number}"}}
                for name, number in servers.items()
            ],
            "users": [{"name": "me", "user": {"token": "made-up"}}],
            "contexts": [
                {"name": name, "context": {"cluster": name, "user": "me"}} for name in servers
            ],
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")

    def __enter__(self) -> int:
        """Serve, and return the port."""
        self._serving = served(KubernetesHandler, self)
        return self._serving.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self._serving.__exit__(kind, error, trace)


class KubernetesHandler(BaseHTTPRequestHandler):
    """Answers as an API server does."""

    state: FakeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer the version, a watch, a list or one object."""
        url = urlsplit(self.path)
        path, query = url.path.strip("/"), parse_qs(url.query)
        if path in self.state.forbidden:
            self._answer(HTTPStatus.FORBIDDEN, {"reason": "Forbidden"})
        elif path == "version":
            version = {"major": "1", "minor": "34", "gitVersion": "v1.34.4+k3s1"}
            rest = ("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform")
            self._answer(HTTPStatus.OK, version | dict.fromkeys(rest, ""))
        elif "watch" in query:
            self._watch(path)
        elif path in self.state.objects:
            self._answer(HTTPStatus.OK, self.state.objects[path])
        else:
            items = self._listed(path, query.get("labelSelector", [""])[0])
            self._answer(HTTPStatus.OK, {"kind": "List", "metadata": {}, "items": items})

    def do_POST(self) -> None:
        """Create an object, once."""
        body = self._body()
        path = f"{self.path.strip('/')}/{body['metadata']['name']}"
        self.state.requests.append(f"POST {path}")
        if path in self.state.objects:
            self._answer(HTTPStatus.CONFLICT, {"reason": "AlreadyExists"})
            return
        item = self.state.put(path, labels=body["metadata"].get("labels"))
        self._answer(HTTPStatus.CREATED, item)

    def do_DELETE(self) -> None:
        """Delete the object that the precondition names, as the API server does."""
        path = self.path.strip("/")
        body = self._body()
        self.state.requests.append(f"DELETE {path}")
        item = self.state.objects.get(path)
        if item is None:
            self._answer(HTTPStatus.NOT_FOUND, {"reason": "NotFound"})
        elif item["metadata"]["uid"] != body["preconditions"]["uid"]:
            self._answer(HTTPStatus.CONFLICT, {"reason": "Conflict"})
        else:
            if path not in self.state.stuck:
                del self.state.objects[path]
            self._answer(HTTPStatus.OK, {"status": "Success"})

    def _listed(self, path: str, selector: str) -> list[Item]:
        key, _, value = selector.partition("=")
        return [
            item
            for where, item in list(self.state.objects.items())
            if where.rpartition("/")[0] == path
            and (not key or self.state.deaf or item["metadata"]["labels"].get(key) == value)
        ]

    def _watch(self, path: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        # As the real one does; without chunks a client collects a large block before it reads.
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for item in self._listed(path, ""):
                event = json.dumps({"type": "MODIFIED", "object": item}).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
            self.state.changed.wait(deadline - time.monotonic())
            self.state.changed.clear()
        self.close_connection = True

    def _body(self) -> Item:
        body: Item = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, status: HTTPStatus, body: Item) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
