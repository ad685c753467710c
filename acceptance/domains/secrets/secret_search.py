"""Searches the cluster and the repository for secret values in places that must hold none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.secrets.drivers.api_objects import list_objects, place_of, texts_of
from acceptance.domains.secrets.drivers.container_files import (
    containers_of,
    search_files,
    searched_containers,
)
from acceptance.domains.secrets.drivers.history import search_history
from acceptance.domains.secrets.secret_forms import SHORTEST, SecretForms
from acceptance.domains.secrets.secret_inventory import SecretValue, held_values
from acceptance.drivers import files
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.secret_configuration import read_configured_keys
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.secrets.drivers.container_files import SearchedContainer
    from acceptance.drivers.kubernetes.facts import Object

READ = ("ConfigMap", "Pod", "log", "container", "repository file", "object of the history")
"""There is at least one of each in every system."""
LISTED = ("ControllerRevision", "CronJob", "Event", "Ingress", "Job", "ReplicaSet", "Service")
"""There may be none of them."""
_AT_A_TIME = 4


@dataclass(frozen=True)
class SecretSearch:
    """Where secret values were searched for, and where they were found; never the values."""

    values: int
    searched: tuple[tuple[str, int], ...]
    """(kind of place, how many of them were read)."""
    unread: tuple[str, ...]
    """Logs of the system that the API server does not show."""
    unsearched: tuple[str, ...]
    """What cannot be looked into, such as a container without a shell, or may not be listed."""
    found: tuple[str, ...]


class SecretSearcher(ClusterActor):
    """Searches objects, logs, containers and the repository for every secret value."""

    def search(self) -> SecretSearch:
        """Search every place that somebody reads who may not read the Secrets."""
        forms, count = self._forms()
        notes = _Notes(forms)
        self._search_objects(notes)
        pods = self._cluster.pod_objects(self.system.namespace)
        self._search_logs(notes, pods)
        self._search_containers(notes, pods)
        self._search_repository(notes)
        result = notes.result(count)
        self._keep("Places searched for secret values", pretty(asdict(result)))
        return result

    def assert_no_secret_found(self, search: SecretSearch) -> None:
        """Places of every kind were read, and none holds a secret value.

        Raises `Unverifiable` if one cannot be looked into.
        """
        require(search.values, "The system has no secret value, so there is none to search for.")
        require(not search.found, f"A secret value was found in: {listed(search.found)}.")
        require(not search.unread, f"Could not be read: {listed(search.unread)}.")
        if search.unsearched:
            raise Unverifiable(f"Could not be searched: {listed(search.unsearched)}.")
        searched = dict(search.searched)
        for kind in READ:
            require(searched.get(kind), f"No {kind} was read, so secrets in it were not searched.")
        for kind in LISTED:
            require(kind in searched, f"No {kind} was listed, so secrets in it were not searched.")

    def assert_files_free_of_secrets(self, files: Mapping[str, bytes]) -> None:
        """None of some files holds a secret value in any form, also not in what is packed in it.

        `files` are contents by their names.
        """
        forms, count = self._forms()
        require(files, "There is no file to search for secret values.")
        found = {name: forms.origin_in_content(content) for name, content in files.items()}
        kept = {"values": count, "searched": sorted(files), "found": found}
        self._keep("Files searched for secret values", pretty(kept))
        require_each(
            sorted(files),
            lambda name: f"{name} holds a secret value ({found[name]})" if found[name] else None,
            nothing="There is no file to search for secret values.",
        )

    def _forms(self) -> tuple[SecretForms, int]:
        """Return the forms to search for, and of how many values they are."""
        namespace = self.system.namespace
        secrets = self._cluster.items(api_path("secrets", namespace))
        held = held_values(secrets, read_configured_keys(self._cluster, namespace))
        require(held, "The system has no secret value, so there is none to search for.")
        known = {value.text for value in held}
        made = [
            SecretValue("an earlier or generated value", text)
            for text in self._context.known_secrets()
            if len(text) >= SHORTEST and text not in known
        ]
        return SecretForms((*held, *made)), len(held) + len(made)

    def _search_objects(self, notes: _Notes) -> None:
        namespace = self.system.namespace
        for listing in list_objects(self._cluster, namespace):
            if listing.refused:
                notes.unsearched.append(f"{listing.kind}: {listing.refused}")
                continue
            notes.count(listing.kind, len(listing.objects))
            for found in listing.objects:
                notes.look_at_object(place_of(listing.kind, found, namespace), found)

    def _search_logs(self, notes: _Notes, pods: Sequence[Object]) -> None:
        namespace = self.system.namespace
        logs = [log for pod in pods for log in _logs(pod)]

        def read(log: tuple[str, str, bool]) -> str | None:
            pod, container, previous = log
            return self._cluster.log(namespace, pod, container, previous=previous)

        with workers(_AT_A_TIME) as pool:
            texts = list(pool.map(read, logs))
        for (pod, container, previous), text in zip(logs, texts, strict=True):
            where = f"log {pod}/{container}{' before its restart' if previous else ''}"
            if text is not None:
                notes.count("log", 1)
                notes.look(where, text)
            elif not previous and pod in self._pod_names():  # an earlier one may be gone
                notes.unread.append(where)

    def _pod_names(self) -> set[str]:
        """Return the names of the pods that are there now: one may have gone meanwhile."""
        pods = self._cluster.pod_objects(self.system.namespace)
        return {pod["metadata"]["name"] for pod in pods}

    def _search_containers(self, notes: _Notes, pods: Sequence[Object]) -> None:
        patterns = notes.forms.lines

        def search(container: SearchedContainer) -> tuple[str, ...] | str:
            limit = self._timeouts.command
            try:
                found = search_files(self.system, container, patterns, timeout=limit)
            except EnvironmentFailure as error:
                said = error.message.strip().splitlines()[-1]
                return f"{said} Try: an image with a shell and grep."
            return "its grep does not find what is there." if found is None else found

        containers = searched_containers(pods)
        with workers(_AT_A_TIME) as pool:
            results = list(pool.map(search, containers))
        running = {
            (each.pod, each.name)
            for each in searched_containers(self._cluster.pod_objects(self.system.namespace))
        }
        for container, result in zip(containers, results, strict=True):
            where = f"container {container.pod}/{container.name}"
            if isinstance(result, str):
                # One that has ended meanwhile, as a job does, has no files to search any more.
                if (container.pod, container.name) in running:
                    notes.unsearched.append(f"the {where}: {result}")
                continue
            notes.count("container", 1)
            notes.found += [f"{where} ({file})" for file in result]

    def _search_repository(self, notes: _Notes) -> None:
        root, limit = self.system.sources, self._timeouts.command
        scanned = files.scan(
            root,
            files.tracked(root, timeout=limit),
            notes.forms.origin_in_content,
        )
        notes.count("repository file", len(scanned.read))
        notes.found += [f"repository file {name}" for name in scanned.holding]
        history = search_history(root, notes.forms.origin_in_lines, timeout=limit)
        notes.count("object of the history", history.objects)
        notes.found += [f"repository history, commit {name}" for name in history.holding]
        if history.shallow:
            notes.unsearched.append("the repository's history, of which the clone has only a part")


class _Notes:
    """What was read so far, and what was found in it."""

    def __init__(self, forms: SecretForms) -> None:
        self.forms = forms
        self.unread: list[str] = []
        self.unsearched: list[str] = []
        self.found: list[str] = []
        self._searched: dict[str, int] = {}

    def count(self, kind: str, number: int) -> None:
        self._searched[kind] = self._searched.get(kind, 0) + number

    def look(self, where: str, text: str) -> None:
        origin = self.forms.origin(text)
        if origin:
            self.found.append(f"{where} ({origin})")

    def look_at_object(self, where: str, found: Object) -> None:
        texts = list(texts_of(found))
        everything = "\n".join(text for _, text in texts)
        if not (
            self.forms.origin(everything)
            or any(self.forms.origin_as_a_whole(text) for _, text in texts)
        ):
            return
        holding = [(field, origin) for field, text in texts if (origin := self.forms.origin(text))]
        if holding:
            field, origin = holding[0]
            self.found.append(f"{where} ({field}: {origin})")

    def result(self, values: int) -> SecretSearch:
        return SecretSearch(
            values,
            tuple(sorted(self._searched.items())),
            tuple(self.unread),
            tuple(self.unsearched),
            tuple(dict.fromkeys(self.found)),
        )


def _logs(pod: Object) -> list[tuple[str, str, bool]]:
    """Return (pod, container, whether it is the one before its restart) of each log of a pod."""
    status = pod.get("status") or {}
    states = {
        each["name"]: each
        for group in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for each in status.get(group) or ()
    }
    found = []
    for container in containers_of(pod):
        name, state = container["name"], states.get(container["name"]) or {}
        restarted = bool(state.get("restartCount")) or bool(state.get("lastState"))
        if not {"running", "terminated"} & (state.get("state") or {}).keys() and not restarted:
            continue  # it has not started, so it has written nothing
        found.append((pod["metadata"]["name"], name, False))
        if restarted:
            found.append((pod["metadata"]["name"], name, True))
    return found
