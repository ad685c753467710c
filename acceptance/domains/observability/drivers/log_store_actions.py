"""What can be done to a log store, as requests that are the same for everybody who sends them.

They change only indices, a template and an account with a name of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.drivers.http import Reply

_ENTRY = {"message": "an entry of the acceptance suite"}
_UNSET = {"transient": {"search.default_search_timeout": None}}


@dataclass(frozen=True)
class ActionRequest:
    """One request, and the name of what it does."""

    action: str
    method: str
    path: str
    body: Mapping[str, Any] | str | None = None

    def status(self, reply: Reply) -> int | None:
        """Return the status of what was done: a bulk request has one of its own for each entry."""
        if not self.path.startswith("/_bulk") or not reply.succeeded:
            return reply.status
        found = reply.json()
        if not isinstance(found, dict):
            return None
        items = [answer for item in found.get("items") or () for answer in item.values()]
        return int(items[0]["status"]) if len(items) == 1 else None


class LogStoreActions:
    """The actions on a log store, with indices that only they use."""

    def __init__(
        self, program: str, name: str, send: Callable[[str, str, Mapping[str, Any] | None], Reply]
    ) -> None:
        """Use names with `name` in them; `send` sends requests of the administrator."""
        self._index, self._other = f"logs-{name}", f"other-{name}"
        self._template = f"/_index_template/{name}"
        security = "_plugins/_security/api/internalusers"
        user = "_security/user" if program == "elasticsearch" else security
        self._user = f"/{user}/{name}"
        self._send = send
        self._number = 0

    def prepare(self) -> tuple[Reply, ...]:
        """Create the indices that the requests need; return the answers that were no success."""
        self._number += 1
        wanted = (self._index, f"{self._index}-old", self._other)
        replies = [self._send("PUT", f"/{index}", {}) for index in wanted]
        entry = f"/{self._index}/_doc/known?refresh=true"
        replies.append(self._send("PUT", entry, _ENTRY))
        return tuple(each for each in replies if not each.succeeded and not _exists(each))

    def remove(self) -> None:
        """Delete everything that the requests can have created."""
        for index in (self._index, f"{self._index}-old", self._other):
            self._send("DELETE", f"/{index}", None)
        self._send("DELETE", self._template, None)
        self._send("DELETE", self._user, None)

    def requests(self, password: str) -> tuple[ActionRequest, ...]:
        """Return a request for each action; `password` is for an account that one would create."""
        index, known = self._index, f"/{self._index}/_doc/known"
        template = {"index_patterns": [f"none-{self._index}"]}
        account: dict[str, Any] = {"password": password}
        if "_security/user" in self._user:
            account["roles"] = []
        return (
            ActionRequest("add an entry", "POST", "/_bulk", _bulk(index, f"new-{self._number}")),
            ActionRequest("replace an entry", "PUT", known, _ENTRY),
            ActionRequest("delete an entry", "DELETE", known),
            ActionRequest("search", "POST", f"/{index}/_search", {"size": 1}),
            ActionRequest("list indices", "GET", "/_resolve/index/logs-*"),
            ActionRequest("delete an index", "DELETE", f"/{index}-old"),
            ActionRequest("use other indices", "POST", f"/{self._other}/_search", {"size": 1}),
            ActionRequest("change a template", "PUT", self._template, template),
            ActionRequest("change settings", "PUT", "/_cluster/settings", _UNSET),
            ActionRequest("create an account", "PUT", self._user, account),
        )


def _bulk(index: str, name: str) -> str:
    lines = ({"index": {"_index": index, "_id": name}}, _ENTRY)
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def _exists(reply: Reply) -> bool:
    return "resource_already_exists_exception" in reply.text
