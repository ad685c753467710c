"""Writes the report as Markdown that fits into a comment of a pull request."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from acceptance.readiness.report.headline import headline
from acceptance.readiness.report.tally import by_task, counts, shown, worst_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMIT_BYTES = 65_536
"""GitHub accepts 65,536 characters in one comment; a text never has fewer bytes than characters."""
_LISTED = 20
_TASKS_LISTED = 100
_LONGEST = 300
_RESERVED = 500
"""Bytes for the line that counts the omitted parts."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
"""Characters that would make markup, or end a table cell."""
_NOTIFYING = re.compile(r"(@|#|GH-)(?=\w)")
"""Characters from which GitHub makes mentions and issue links, even if they are escaped."""
_NOTHING = "\N{ZERO WIDTH SPACE}"
_NO_ENVIRONMENT = "The environment could not be started; no item is reported unmet because of it"
_MARK = {
    "met": "✅ met",
    "unmet": "❌ unmet",
    "unverified": "❔ unverified",
    "waived": "📝 waived",
    "absent": "absent",
}


def markdown(document: Mapping[str, Any]) -> str:
    """Return the report as Markdown of at most `LIMIT_BYTES` bytes; the items are folded.

    A part that does not fit is omitted as a whole, and the text says how many are.
    """
    parts = [
        _summary(document),
        _tasks(document),
        _in_the_way(document),
        _changed(document),
        _run(document),
    ]
    items = by_task(document)
    parts += [_folded(task, items[task["id"]]) for task in document["tasks"]]
    kept, left, left_out = [], LIMIT_BYTES - _RESERVED, 0
    for part in parts:
        text = "".join(f"{line}\n" for line in part)
        size = len(text.encode("utf-8", "replace"))
        if size > left:
            left_out += 1
            continue
        left -= size
        kept.append(text)
    if left_out:
        what = "part is" if left_out == 1 else "parts are"
        kept.append(f"\n{left_out} {what} only in readiness.html: there is no room here.\n")
    return "".join(kept)


def escaped(text: str, longest: int = _LONGEST) -> str:
    """Return text for a table cell: on one line, with markup escaped."""
    line = " ".join(text.split())
    if len(line) > longest:
        line = f"{line[:longest]}…"
    return _SPECIAL.sub(r"\\\1", _calm(line))


def _calm(text: str) -> str:
    return _NOTIFYING.sub(rf"\1{_NOTHING}", text)


def _code(text: str) -> str:
    """Return text as code, even if it contains backticks."""
    return f"<code>{escaped(text, 1000)}</code>"


def _summary(document: Mapping[str, Any]) -> Iterable[str]:
    said, found = headline(document), counts(document["items"])
    yield f"## {'✅' if said.ready else '❌'} {escaped(said.title)}"
    yield ""
    yield escaped(said.sentence.partition(": ")[2], 2000)
    yield ""
    numbers = ", ".join(f"**{number}** {word}" for word, number in found.items())
    yield f"{len(document['items'])} items: {numbers}"
    if document["environment_failure"] is not None:
        failure = document["environment_failure"]
        yield from (
            "",
            f"> **{_NO_ENVIRONMENT}:** {escaped(failure, 1000)}",
        )
    if document["interrupted"]:
        yield from ("", "> **The run was interrupted** before its end.")
    if not document["complete"]:
        yield from ("", "> **A partial run**, which proves nothing about the other scenarios.")


def _tasks(document: Mapping[str, Any]) -> Iterable[str]:
    yield from ("", "| task | met | unmet | unverified | waived | points | |")
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for task in document["tasks"][:_TASKS_LISTED]:
        state = "ready" if task["ready"] else "not ready"
        if task["blocked_by"]:
            state += f", blocked by {', '.join(task['blocked_by'])}"
        if not task["in_sprint"]:
            state += ", not in the sprint"
        yield (
            f"| {escaped(task['id'])} {escaped(task['title'], 80)} | {task['met']} "
            f"| {task['unmet']} | {task['unverified']} | {task['waived']} "
            f"| {escaped(task['points'], 20)} | {escaped(state)} |"
        )
    yield from _more(document["tasks"], _TASKS_LISTED)


def _in_the_way(document: Mapping[str, Any]) -> Iterable[str]:
    ways = document["gate"]["standing_in_the_way"]
    if not ways:
        return
    yield from ("", "### What stands in the way", "", "| item | | owed by | why |")
    yield "| --- | --- | --- | --- |"
    for way in worst_first(ways)[:_LISTED]:
        yield (
            f"| {escaped(way['id'])} | {_MARK[way['verdict']]} | {escaped(way['owner'])} "
            f"| {escaped(way['reason'])} |"
        )
    yield from _more(ways, _LISTED)


def _changed(document: Mapping[str, Any]) -> Iterable[str]:
    since, items = document["changes"]["since"], document["changes"]["items"]
    if since is None:
        return
    yield from ("", f"### What changed since {since}", "")
    words = document["changes"]["tracker"]
    for change in words[:_LISTED]:
        old, new = (escaped(change[key] or "nothing") for key in ("before", "after"))
        yield f"- {escaped(change['id'])} {change['kind']} in the tracker: {old} → {new}"
    yield from _more(words, _LISTED)
    if not items:
        yield "Nothing." if not words else ""
        return
    yield from ("", "| item | before | now | why |", "| --- | --- | --- | --- |")
    for change in items[:_LISTED]:
        yield (
            f"| {escaped(change['id'])} | {_MARK[change['before']]} | {_MARK[change['after']]} "
            f"| {escaped(change['reason'])} |"
        )
    yield from _more(items, _LISTED)


def _run(document: Mapping[str, Any]) -> Iterable[str]:
    cluster = document["cluster"]
    where = " ".join(filter(None, (cluster["driver"], cluster["flavour"], cluster["version"])))
    yield from ("", "<details><summary>The run</summary>", "")
    yield f"- Cluster: {escaped(where or 'none')}"
    yield f"- Commit: {_code(document['commit'])}"
    yield f"- Tracker: {_code(document['tracker']['sha256'])}"
    yield f"- Started: {document['started']}, {document['seconds']:.0f} s"
    yield from (f"- Image: {_code(image)}" for image in document["images"][:_LISTED])
    yield f"- Again: {_code(document['reproduce'])}"
    yield from (f"- Note: {escaped(note)}" for note in document["notes"][:_LISTED])
    differences = document["sprint"]["differences"]
    yield from (f"- {escaped(sentence)}" for sentence in differences[:_LISTED])
    yield from ("", "</details>")


def _more(things: list[Any], limit: int) -> Iterable[str]:
    if len(things) > limit:
        yield from ("", f"… and {len(things) - limit} more, in readiness.html")


def _folded(task: Mapping[str, Any], items: list[Any]) -> Iterable[str]:
    title = " ".join(f"{task['id']}: {task['title']}"[:_LONGEST].split())  # inside HTML
    yield from ("", f"<details><summary>{html.escape(_calm(title))}</summary>", "")
    yield from ("| item | | text | reason |", "| --- | --- | --- | --- |")
    for item in items:
        yield (
            f"| {escaped(item['id'])} | {_MARK[shown(item)]} | {escaped(item['text'])} "
            f"| {escaped(item['reason'])} |"
        )
    yield from ("", "</details>")
