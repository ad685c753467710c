"""The reviewer: reads what is configured and looks for secrets where they do not belong."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.drivers import database, files
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.drivers.database import Login
    from acceptance.drivers.kubernetes.facts import PodFacts, SecretUse

_NAMING_KEY = "SECRET_KEYS"
_TEMPORARY_KEY = "ROTATION_KEYS"
"""Names the keys that the Secret has only while its values are rotated."""
_PUBLIC_KEY = "PUBLIC_KEYS"
"""Names what the Secret holds that is no secret: it changes together with one."""
_PLACEHOLDER = re.compile(
    r"change[-_ ]?me|example|placeholder|todo|fixme|replace[-_ ]?me|dummy|your[-_ ]|^<.*>$"
    r"|^x{3,}$|^(password|passwd|secret|test|admin|default)\d*$",
    re.IGNORECASE,
)
_SHORTEST = 8
"""A secret shorter than this is no secret, and would be found everywhere by chance."""
_ROTATED = (False, True)  # the log of the container, and of the one before it


@dataclass(frozen=True)
class Keys:
    """The keys of secrets: in use by pods, named in the configuration, and what they hold."""

    used: tuple[tuple[str, str], ...]
    """(pod, key); a pod that uses a whole Secret uses all of its keys."""
    absent: tuple[str, ...]
    """What a pod refers to and is not there, in words."""
    named: tuple[str, ...]
    """Those that need a value at all times."""
    named_too: tuple[str, ...]
    """Those that may have none: of a rotation, and what is public."""
    weak: tuple[tuple[str, str], ...]
    """(key, why its value is none); never the value."""


@dataclass(frozen=True)
class Search:
    """Where secret values were looked for, and where they were found; never the values."""

    values: int
    searched: tuple[tuple[str, int], ...]
    unread: tuple[str, ...]
    found: tuple[str, ...]


@dataclass(frozen=True)
class Logins:
    """What became of each attempt to log in to the database."""

    configured: Login
    others: tuple[tuple[str, Login], ...]


class ConfigurationReviewer(Actor):
    """Somebody who may read everything, also the secrets."""

    def __init__(self, context: ActorContext) -> None:
        """Review the system's configuration and this project's files."""
        super().__init__(context)
        self._root = context.settings.root

    def compare_keys(self) -> Keys:
        """Compare the keys that pods use with those that the configuration names."""
        pods = [pod for name in self.system.names for pod in self._pods(name)]
        secrets = self._cluster.secrets(self.system.namespace)
        used: dict[tuple[str, str], None] = {}
        absent: dict[str, None] = {}
        for pod in pods:
            for use in pod.uses:
                held = secrets.get(use.secret, {})
                if not use.optional and (not held or (use.key and use.key not in held)):
                    absent[f"{pod.name} uses {use.secret}/{use.key or '*'}, which is not there"] = (
                        None
                    )
                given = [use.key] if use.key else list(held)
                used |= {(pod.name, key): None for key in given if key in held or not use.optional}
        named, temporary = self._named(_NAMING_KEY), self._named(_TEMPORARY_KEY)
        in_use = {use.secret for pod in pods for use in pod.uses}
        held_by_system = {
            key: value for name in in_use for key, value in secrets.get(name, {}).items()
        }
        valued = [*named, *(key for key in temporary if key in held_by_system)]
        weak = [(key, why) for key in valued if (why := _weakness(held_by_system.get(key)))]
        named_too = (*temporary, *self._named(_PUBLIC_KEY))
        keys = Keys(tuple(used), tuple(absent), named, named_too, tuple(weak))
        self._keep("Keys in use and configured", pretty(asdict(keys)))
        return keys

    def judge_named(self, keys: Keys) -> None:
        """Every key in use is named in the configuration and is there."""
        require(not keys.absent, f"{listed(keys.absent)}.")
        known = {*keys.named, *keys.named_too}
        require_each(
            keys.used,
            lambda use: None if use[1] in known else f"{use[0]} uses {use[1]}, named nowhere",
            nothing="No pod uses a secret, so the database is not protected by one.",
        )

    def judge_values(self, keys: Keys) -> None:
        """Every key that the configuration names has a real value."""
        why = dict(keys.weak)
        require_each(
            tuple(dict.fromkeys((*keys.named, *why))),
            lambda key: f"{key} {why[key]}" if key in why else None,
            nothing=f"No ConfigMap names the keys of secrets (in {_NAMING_KEY}).",
        )

    def search_secrets(self) -> Search:
        """Look for every secret value, plain and in base64, wherever none belongs."""
        values = sorted(self.secret_values())
        require(values, "The system has no secret value, so none can be looked for.")
        short = [value for value in values if len(value) < _SHORTEST]
        require(not short, f"{len(short)} secret values have less than {_SHORTEST} characters.")
        forms = [form for value in values for form in (value, _base64(value))]
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
        names = files.tracked(self._root, timeout=self._timeouts.command)
        scanned = files.scan(self._root, names, forms)
        places["repository file"] = len(scanned.read)
        found += [f"repository file {name}" for name in scanned.holding]
        result = Search(len(values), tuple(places.items()), tuple(unread), tuple(found))
        self._keep("Where secret values were looked for", pretty(asdict(result)))
        return result

    def judge_hidden(self, search: Search) -> None:
        """Every kind of place was looked at, and no secret value was in any."""
        require(not search.found, f"A secret value shows in: {listed(search.found)}.")
        require(not search.unread, f"Not to be read, so not known: {listed(search.unread)}.")
        looked = dict(search.searched)
        for kind in ("ConfigMap", "pod specification", "log", "repository file"):
            require(looked.get(kind), f"No {kind} was looked at, so nothing is known.")

    def try_credentials(self) -> Logins:
        """Log in to the database with the configured credentials, and with others."""
        name, user, password = self._credentials()
        pods = [pod for pod in self._pods(self.system.workloads.database) if pod.serving]
        require(pods, "There is no ready database pod to log in to.")
        port = self._cluster.container_port(self.system.namespace, self.system.workloads.database)
        attempts = {
            "a wrong password": (user, password[::-1] + "-wrong"),
            "an empty password": (user, ""),
            "no password": (user, None),
            "a role that does not exist": (f"{user}_unknown", password),
            "the superuser with this password": ("postgres", password),
        }
        with database.forwarded(
            self._kubeconfig,
            self.system.context,
            self.system.namespace,
            pods[0].name,
            port,
            timeout=self._timeouts.query,
        ) as local:

            def log_in(as_user: str, with_password: str | None) -> Login:
                return database.log_in(
                    local,
                    name=name,
                    user=as_user,
                    password=with_password,
                    timeout=self._timeouts.query,
                )

            configured = log_in(user, password)
            others = tuple((words, log_in(*attempt)) for words, attempt in attempts.items())
        logins = Logins(configured, others)
        self._keep("Attempts to log in to the database", pretty(asdict(logins)))
        return logins

    def judge_accepted(self, logins: Logins) -> None:
        """The configured credentials were accepted."""
        require(
            logins.configured.accepted,
            f"The database does not accept the configured credentials: {logins.configured.said}.",
        )

    def judge_others_refused(self, logins: Logins) -> None:
        """All others were refused by the database itself, where the configured ones got through."""
        self.judge_accepted(logins)

        def fault(attempt: tuple[str, Login]) -> str | None:
            words, login = attempt
            if login.accepted:
                return f"The database accepts {words}"
            return (
                None if login.refused else f"Whether it refuses {words} is not known: {login.said}"
            )

        require_each(logins.others, fault, nothing="No other credentials were tried.")

    def secret_values(self) -> frozenset[str]:
        """Return every secret value of every Secret that a pod of the system uses."""
        public = self._named(_PUBLIC_KEY)
        secrets = {
            name: {key: value for key, value in data.items() if key not in public}
            for name, data in self._cluster.secrets(self.system.namespace).items()
        }
        uses = {use for name in self.system.names for pod in self._pods(name) for use in pod.uses}
        return frozenset(value for use in uses for value in _values(use, secrets) if value)

    @property
    def _kubeconfig(self) -> Path:
        return type(self._root)(self.system.kubeconfig)

    def _pods(self, workload: str) -> tuple[PodFacts, ...]:
        return self._cluster.pods(self.system.namespace, workload)

    def _named(self, by: str) -> tuple[str, ...]:
        lists = [
            data[by]
            for data in self._cluster.config_maps(self.system.namespace).values()
            if by in data
        ]
        return tuple(
            dict.fromkeys(key for text in lists for key in re.split(r"[\s,]+", text) if key)
        )

    def _credentials(self) -> tuple[str, str, str]:
        """Return the database's name, user and password, as the system itself is given them."""
        known: dict[str, str] = {}
        for data in self._cluster.config_maps(self.system.namespace).values():
            known |= data
        for data in self._cluster.secrets(self.system.namespace).values():
            known |= {key: _decoded(value) for key, value in data.items()}
        keys = ("DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD")
        missing = [key for key in keys if not known.get(key)]
        require(not missing, f"{', '.join(missing)} is configured nowhere.")
        name, user, password = (known[key] for key in keys)
        return name, user, password


def _values(use: SecretUse, secrets: Mapping[str, Mapping[str, str]]) -> list[str]:
    held = secrets.get(use.secret, {})
    keys = [use.key] if use.key else list(held)
    return [_decoded(held[key]) for key in keys if key in held]


def _decoded(value: str) -> str:
    return base64.b64decode(value).decode("utf-8", "replace")


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode("ascii")


def _weakness(held: str | None) -> str | None:
    """Say why the value of a Secret, in base64 as the API gives it, is none; None if it is one."""
    if held is None:
        return "has no value in any Secret that a pod uses"
    value = _decoded(held).strip()
    if not value:
        return "is empty"
    # Somebody who encodes a value before writing it into `data` by a tool that encodes it again.
    try:
        inner = base64.b64decode(value, validate=True).decode("utf-8").strip()
    except (binascii.Error, UnicodeDecodeError):
        inner = ""
    if _PLACEHOLDER.search(value) or (inner and _PLACEHOLDER.search(inner)):
        return "is a placeholder"
    return None
