"""Searches the system and the repository for secret values in places that must hold none."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers import files
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.secret_configuration import read_secret_values
from acceptance.judgement import listed, require

_SHORTEST = 8
"""A shorter value is no secret, and would be found everywhere by chance."""
_KINDS = ("ConfigMap", "pod specification", "log", "repository file")


@dataclass(frozen=True)
class SecretSearch:
    """Where secret values were searched for, and where they were found; never the values."""

    values: int
    searched: tuple[tuple[str, int], ...]
    """(kind of place, how many of them were read)."""
    unread: tuple[str, ...]
    found: tuple[str, ...]


class SecretSearcher(ClusterActor):
    """Searches ConfigMaps, pods, logs and files for every secret value, plain and in base64."""

    def search(self) -> SecretSearch:
        """Search every place of the system and of the repository."""
        forms, count = self._forms()
        places: dict[str, int] = {}
        found: list[str] = []
        unread: list[str] = []

        def look(kind: str, where: str, text: str | None) -> None:
            if text is None:
                unread.append(f"{kind} {where}")
                return
            places[kind] = places.get(kind, 0) + 1
            if any(form in text for form in forms):
                found.append(f"{kind} {where}")

        namespace = self.system.namespace
        for name, data in self._cluster.config_maps(namespace).items():
            look("ConfigMap", name, "\n".join(f"{key}={value}" for key, value in data.items()))
        for pod in self._cluster.pods(namespace):
            for container in pod.containers:
                where = f"{pod.name}/{container.name}"
                look("pod specification", where, "\n".join(text for _, text in container.literals))
                look("log", where, self._cluster.log(namespace, pod.name, container.name))
                if container.restarts:
                    before = self._cluster.log(namespace, pod.name, container.name, previous=True)
                    look("log", f"{where} before its restart", before)
        root = self._context.settings.root
        scanned = files.scan(root, files.tracked(root, timeout=self._timeouts.command), forms)
        places["repository file"] = len(scanned.read)
        found += [f"repository file {name}" for name in scanned.holding]
        result = SecretSearch(count, tuple(places.items()), tuple(unread), tuple(found))
        self._keep("Places searched for secret values", pretty(asdict(result)))
        return result

    def assert_no_secret_found(self, search: SecretSearch) -> None:
        """Places of every kind were read, and none holds a secret value."""
        require(not search.found, f"A secret value was found in: {listed(search.found)}.")
        require(not search.unread, f"Could not be read: {listed(search.unread)}.")
        searched = dict(search.searched)
        for kind in _KINDS:
            require(searched.get(kind), f"No {kind} was read, so secrets in it were not searched.")

    def _forms(self) -> tuple[list[str], int]:
        """Return the texts to search for, and of how many values they are forms."""
        pods = [pod for name in self.system.names for pod in self._pods(name)]
        uses = {use for pod in pods for use in pod.uses}
        values = sorted(read_secret_values(self._cluster, self.system.namespace, uses))
        require(values, "The system has no secret value, so there is none to search for.")
        short = [value for value in values if len(value) < _SHORTEST]
        require(not short, f"{len(short)} secret values have less than {_SHORTEST} characters.")
        encoded = (base64.b64encode(value.encode()).decode("ascii") for value in values)
        return [*values, *encoded], len(values)
