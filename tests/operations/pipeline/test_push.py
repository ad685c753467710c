from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from acceptance.build import oci
from acceptance.errors import BrokenInput, EnvironmentFailure
from operations.pipeline.history import History
from operations.pipeline.image import ARCHIVE, BuiltImage
from operations.pipeline.parts import BACKEND, FRONTEND
from operations.pipeline.push import push
from operations.pipeline.registry import read_place, registry_at
from operations.pipeline.sign_in import auth_for
from tests.fakes.http_server import served
from tests.fakes.image_archive import write_image
from tests.support.repositories import Workshop

SIGNED = {"REGISTRY_USER": "ci", "REGISTRY_PASSWORD": "s3cret"}
BASIC = f"Basic {b64encode(b'ci:s3cret').decode()}"


@dataclass
class Stored:
    """What a registry has, and how it behaves."""

    port: int = 0
    wants: str = ""
    """Basic, Bearer, or nothing."""
    lies: bool = False
    """Whether it stores other manifests than it is given."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    uploads: int = 0


class RegistryHandler(BaseHTTPRequestHandler):
    """Speaks the OCI Distribution API, as far as a push needs it."""

    protocol_version = "HTTP/1.1"
    state: Stored

    def answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def allowed(self) -> bool:
        """Return whether the request is signed; else ask for it."""
        given = self.headers.get("Authorization", "")
        wanted = {"": given, "Basic": BASIC, "Bearer": "Bearer t0ken"}[self.state.wants]
        if given == wanted:
            return True
        asked = 'Basic realm="r"'
        if self.state.wants == "Bearer":
            realm = f"http://127.0.0.1:{self.state.port}/token"
            asked = f'Bearer realm="{realm}",service="s",scope="repository:a:pull,push"'
        self.answer(401, WWW_Authenticate=asked)
        return False

    def do_HEAD(self) -> None:
        """Say whether a blob or a manifest is there."""
        if self.allowed():
            there = {**self.state.blobs, **self.state.manifests}
            known = self.path.rpartition("/")[2] in there
            self.answer(200 if known else 404)

    def do_GET(self) -> None:
        """Issue a token, or return a manifest."""
        if self.path.startswith("/token?"):
            query = parse_qs(urlsplit(self.path).query)
            assert query == {"service": ["s"], "scope": ["repository:a:pull,push"]}
            sound = self.headers["Authorization"] == BASIC
            self.answer(200 if sound else 401, json.dumps({"token": "t0ken"}).encode())
        elif self.allowed():
            self.answer(200, self.state.manifests[self.path.rpartition("/")[2]])

    def do_POST(self) -> None:
        """Begin an upload, whose place has a query of its own."""
        if self.allowed():
            self.answer(202, Location="/v2/team/checkout/blobs/uploads/1?state=x")

    def do_PUT(self) -> None:
        """Take a blob or a manifest, if its digest is right."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.allowed():
            return
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        url = urlsplit(self.path)
        if "/uploads/" in url.path:
            assert parse_qs(url.query) == {"state": ["x"], "digest": [digest]}
            self.state.uploads += 1
            self.state.blobs[digest] = body
        else:
            self.state.manifests[url.path.rpartition("/")[2]] = body
            self.state.manifests[digest] = body + b" " * self.state.lies
        self.answer(201, Docker_Content_Digest=digest)


@pytest.fixture
def registry() -> Iterator[Stored]:
    """A registry on this machine."""
    state = Stored()
    with served(RegistryHandler, state) as port:
        state.port = port
        yield state


@pytest.fixture
def built(workshop: Workshop, tmp_path: Path) -> BuiltImage:
    """An image of the newest commit, in the folder `image`."""
    commit = workshop.commit("Begin")
    (tmp_path / "image").mkdir()
    write_image(tmp_path / "image" / ARCHIVE, {"a": b"1"}, {"b": b"2"})
    found = BuiltImage("backend", commit, oci.identity(tmp_path / "image" / ARCHIVE))
    (tmp_path / "image" / "image.json").write_text(json.dumps(asdict(found)))
    return found


def test_an_image_is_pushed_by_its_digest_and_tagged_with_its_commit(
    history: History, built: BuiltImage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However the registry wants to be signed in to; what it has is not sent again."""
    for wants in ("", "Basic", "Bearer"):
        registry = Stored(wants=wants)
        with served(RegistryHandler, registry) as registry.port:
            place = f"127.0.0.1:{registry.port}/team/checkout"
            for _ in range(2):
                push(BACKEND, history, SIGNED, image=tmp_path / "image", registry=place)
                assert capsys.readouterr().out == f"backend: pushed {place}@{built.digest}\n"
        assert registry.uploads == 2
        assert set(registry.manifests) == {built.commit, built.digest}
        layers = json.loads(registry.manifests[built.digest])["layers"]
        assert {each["digest"] for each in layers} == set(registry.blobs)


def test_only_the_image_of_this_part_and_commit_is_pushed(
    workshop: Workshop, history: History, built: BuiltImage, tmp_path: Path
) -> None:
    """Nothing is sent otherwise."""
    named = f"is the backend of {built.commit[:12]}, and not the frontend of"
    with pytest.raises(BrokenInput, match=named):
        push(FRONTEND, history, {}, image=tmp_path / "image", registry="127.0.0.1:1/a")
    workshop.commit("Another")
    with pytest.raises(BrokenInput, match="Try: operations pipeline image backend"):
        push(BACKEND, history, {}, image=tmp_path / "image", registry="127.0.0.1:1/a")


def test_a_registry_that_refuses_or_stores_something_else_is_named(
    history: History, registry: Stored, built: BuiltImage, tmp_path: Path
) -> None:
    """The error has its answer, and no password."""
    place = f"127.0.0.1:{registry.port}/team/checkout"
    registry.lies = True
    with pytest.raises(EnvironmentFailure, match=f"returns another manifest as {built.digest}"):
        push(BACKEND, history, SIGNED, image=tmp_path / "image", registry=place)
    registry.wants = "Basic"
    wrong = {"REGISTRY_USER": "ci", "REGISTRY_PASSWORD": "wrong"}
    with pytest.raises(EnvironmentFailure, match=r"refused HEAD /v2/team/checkout/blobs/.*: 401"):
        push(BACKEND, history, wrong, image=tmp_path / "image", registry=place)
    with pytest.raises(EnvironmentFailure, match="cannot be reached"):
        push(BACKEND, history, {}, image=tmp_path / "image", registry="127.0.0.1:1/a")


def test_an_image_that_is_not_there_is_told_from_a_registry_that_is_not(registry: Stored) -> None:
    """The first is a wrong input, the second no fault of anybody's image."""
    place = read_place(f"127.0.0.1:{registry.port}/team/checkout")
    registry.manifests["sha256:1"] = b"{}"
    with registry_at(place, None) as there:
        there.find("sha256:1")
        with pytest.raises(BrokenInput, match=r"There is no image .*team/checkout@sha256:2\. Try"):
            there.find("sha256:2")
    away = read_place("127.0.0.1:1/a")
    with registry_at(away, None) as there, pytest.raises(EnvironmentFailure, match="be reached"):
        there.find("sha256:1")


def test_only_this_machine_is_spoken_to_without_tls() -> None:
    """Whatever its port or the form of its address."""
    for text in ("127.0.0.1:5000/a", "localhost/a", "[::1]:5000/a/b"):
        assert read_place(text).address.startswith("http://")
    for text in ("ghcr.io/team/checkout", "localhost.example:80/a", "10.0.0.1:5000/a"):
        assert read_place(text).address.startswith("https://")
    for text in ("", "ghcr.io", "https://ghcr.io/a", "ghcr.io/A", "ghcr.io/a@b", "a b/c"):
        with pytest.raises(BrokenInput, match="has to be HOST"):
            read_place(text)


def test_the_password_is_sent_to_the_registry_only() -> None:
    """Not to the storage that an upload leads to, nor for a token without TLS."""
    auth = auth_for(read_place("ghcr.io/team/checkout"), SIGNED)
    assert auth is not None
    elsewhere = next(auth.sync_auth_flow(httpx.Request("PUT", "https://storage.example/x")))
    assert "Authorization" not in elsewhere.headers
    request = httpx.Request("GET", "https://ghcr.io/v2/")
    flow = auth.sync_auth_flow(request)
    next(flow)
    asked = {"WWW-Authenticate": 'Bearer realm="http://auth.example/token"'}
    with pytest.raises(EnvironmentFailure, match="without TLS"):
        flow.send(httpx.Response(401, headers=asked, request=request))
    with pytest.raises(BrokenInput, match="Only one of"):
        auth_for(read_place("ghcr.io/a"), {"REGISTRY_USER": "ci"})
