"""What the Secret says about a rotation, and the one write that takes it to its next phase.

Each function that ends a phase returns a merge patch of the Secret: values, and the phase that
they belong to, change together or not at all. The patch names the version that it was made for, so
a second writer is refused by the API server.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.facts import Object

USER, PASSWORD, SIGNING = "DATABASE_USER", "DATABASE_PASSWORD", "SIGNING_KEY"
NEXT_PASSWORD, ACCEPTED = f"{PASSWORD}_NEXT", f"{SIGNING}_ACCEPTED"
KEYS = (USER, PASSWORD, SIGNING, ACCEPTED)
"""What a pod of the backend is given, by these names."""

PHASES = ("begun", "offered", "switched", "settled", "retired")
"""begun: the new values are in the Secret beside the old ones. offered: the database and every pod
know both. switched: the new ones are those in use. settled: every pod uses them. retired: the old
ones are in the Secret no more."""

ANNOTATION = "acceptance.checkout/rotation"
"""Of the Secret: the rotation under way, as JSON. Of a pod: the rotation and phase it is of."""
LAST = "acceptance.checkout/last-rotation"
"""Of the Secret: the rotation before, as JSON."""


@dataclass(frozen=True)
class Rotation:
    """A rotation under way; nothing of it is secret."""

    id: str
    phase: str
    who: str
    """Who began it, by the name that the API server has for them."""
    begun: str
    """When, in ISO 8601."""
    since: str
    """When the phase was reached."""
    old_user: str
    new_user: str


@dataclass(frozen=True)
class Held:
    """The Secret as it is."""

    name: str
    version: str
    values: Mapping[str, str] = field(repr=False)
    rotation: Rotation | None

    @property
    def given(self) -> dict[str, str]:
        """What a pod that starts now is given; a key that is not there is empty."""
        return {key: self.values.get(key, "") for key in KEYS}


def held(found: Object, user: str) -> Held:
    """Read the Secret; `user` is who logs in to the database as long as it names nobody."""
    metadata = found["metadata"]
    values = {
        key: base64.b64decode(value).decode("utf-8")
        for key, value in (found.get("data") or {}).items()
    }
    written = (metadata.get("annotations") or {}).get(ANNOTATION)
    under_way = Rotation(**json.loads(written)) if written else None
    return Held(metadata["name"], metadata["resourceVersion"], {USER: user, **values}, under_way)


def other_user(user: str, owner: str) -> str:
    """Return the role that logs in next: two of them take turns."""
    first, second = f"{owner}_a", f"{owner}_b"
    return second if user == first else first


def begin(now: Held, rotation: Rotation, *, password: str, signing_key: str) -> dict[str, Any]:
    """Put the new values beside the old ones."""
    return _patch(now, rotation, {NEXT_PASSWORD: password, ACCEPTED: signing_key})


def offer(now: Held, at: str) -> dict[str, Any]:
    """Write down that the database and every pod know both."""
    return _patch(now, _reach(now, "offered", at), {})


def switch(now: Held, at: str) -> dict[str, Any]:
    """Let the new values be those in use; what the old key signed is recognised still."""
    rotation = _reach(now, "switched", at)
    values = {
        USER: rotation.new_user,
        PASSWORD: now.values[NEXT_PASSWORD],
        NEXT_PASSWORD: None,
        SIGNING: now.values[ACCEPTED],
        ACCEPTED: now.values[SIGNING],
    }
    return _patch(now, rotation, values)


def settle(now: Held, at: str) -> dict[str, Any]:
    """Write down that every pod uses the new values."""
    return _patch(now, _reach(now, "settled", at), {})


def retire(now: Held, at: str) -> dict[str, Any]:
    """Take the old signing key out of the Secret."""
    return _patch(now, _reach(now, "retired", at), {ACCEPTED: None})


def finish(now: Held, at: str) -> dict[str, Any]:
    """End the rotation, and leave who did it and when."""
    assert now.rotation is not None
    ended = now.rotation
    last = {"id": ended.id, "who": ended.who, "begun": ended.begun, "finished": at}
    annotations = {ANNOTATION: None, LAST: json.dumps(last)}
    return {"metadata": {"resourceVersion": now.version, "annotations": annotations}}


def _reach(now: Held, phase: str, at: str) -> Rotation:
    assert now.rotation is not None
    return replace(now.rotation, phase=phase, since=at)


def _patch(now: Held, rotation: Rotation, values: Mapping[str, str | None]) -> dict[str, Any]:
    encoded = {
        key: None if value is None else base64.b64encode(value.encode()).decode("ascii")
        for key, value in values.items()
    }
    annotations = {ANNOTATION: json.dumps(asdict(rotation))}
    metadata = {"resourceVersion": now.version, "annotations": annotations}
    return {"metadata": metadata, **({"data": encoded} if encoded else {})}
