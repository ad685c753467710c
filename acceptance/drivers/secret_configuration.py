"""Reads which keys of secrets the configuration names, and what Secrets and ConfigMaps hold."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import SECRET_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes

_ROTATION_KEYS = "ROTATION_KEYS"
_PUBLIC_KEYS = "PUBLIC_KEYS"


@dataclass(frozen=True)
class ConfiguredKeys:
    """The keys of secrets that the ConfigMaps of a namespace name."""

    secret: tuple[str, ...]
    """Those that always have a value."""
    rotation: tuple[str, ...]
    """Those that have a value only while the secrets are rotated."""
    public: tuple[str, ...]
    """Those whose value is not secret, but changes together with one."""


def read_configured_keys(cluster: Kubernetes, namespace: str) -> ConfiguredKeys:
    """Read the lists of keys from the ConfigMaps. Raises `Refused`."""
    config_maps = cluster.config_maps(namespace).values()
    return ConfiguredKeys(
        *(
            _words(data[name] for data in config_maps if name in data)
            for name in (SECRET_KEYS, _ROTATION_KEYS, _PUBLIC_KEYS)
        )
    )


def read_configuration(cluster: Kubernetes, namespace: str) -> Mapping[str, str]:
    """Return all that the ConfigMaps and Secrets of a namespace hold, by key. Raises `Refused`."""
    found: dict[str, str] = {}
    for data in cluster.config_maps(namespace).values():
        found |= data
    for data in cluster.secrets(namespace).values():
        found |= {key: decoded(value) for key, value in data.items()}
    return found


def decoded(value: str) -> str:
    """Return the text of a value as the API sends it, in base64."""
    return base64.b64decode(value).decode("utf-8", "replace")


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    words = (word for text in texts for word in re.split(r"[\s,]+", text) if word)
    return tuple(dict.fromkeys(words))
