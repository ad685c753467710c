"""Lists what is secret: what the Secrets of a namespace hold and held, and what the run made."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from acceptance.domains.secrets.guessable_values import guess_bits
from acceptance.domains.secrets.private_keys import private_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.drivers.secret_configuration import ConfiguredKeys

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_UNGUESSED_BITS = 50.0
"""What the key's name does not call secret is one only if nobody would write it by chance."""
_LONGEST = 20_000
"""What is longer is an archive, such as a release of Helm; nobody copies it as it is."""
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)?s?([_.-]|$)|pwd|secret|token|credential|private|signing|api_?key"
    r"|(^|[_.-])(key|salt|pin|auth|hmac|jwt|psk)s?([_.-]|$)",
)
_PUBLIC_NAME = re.compile(
    r"(^|[_.-])(public([_.-]?key)?|user(_?name)?|login|role|owner|db|db_?name|database|name|host"
    r"(_?name)?|port|namespace|schema|endpoint|address|region|bucket|email|mode|issuer|realm"
    r"|(access_)?key_?id|client_?id|kid|ca|crt|cert|certificate|algorithm|alg|audience|policy|url|uri"
    r"|file|path|dir|header|type|enabled|ttl|expiry|interval|lifetime|length|size|count|limit|version"
    r"|prefix|days|hours|minutes|seconds)$",
)
_LOGIN_NAME = re.compile(
    r"(^|[_.-])(user(_?name)?|login|role|owner|db|db_?name|database|database_?name|schema)$"
)
_NAME = re.compile(r"[A-Za-z_][\w.@-]{0,62}")
"""What PostgreSQL and others take as a name."""
_PUBLIC_CONTENT = re.compile(
    r"-----BEGIN (CERTIFICATE|TRUSTED CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|X509 CRL"
    r"|CERTIFICATE REQUEST|DH PARAMETERS|EC PARAMETERS)-----|(ssh-|ecdsa-)\S+ AAAA"
)
_SPOKEN = re.compile(r".*\s.*|[\w-]+(\.[\w-]+)+(:\d+)?|[\w.+-]+@[\w.-]+|\.?/.*", re.DOTALL)
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@]*:([^\s/@]+)@", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)
_SETTING = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*[:=][ \t]*['\"]?([^'\"\n]+)", re.MULTILINE
)
_IN_DSN = re.compile(r"\bpassword\s*=\s*'?([^'\s;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class SecretValue:
    """One secret value, and where it comes from."""

    origin: str
    """Secret and key, or who made it: what may be said of it."""
    text: str = field(repr=False)


def held_values(secrets: Iterable[Object], configured: ConfiguredKeys) -> tuple[SecretValue, ...]:
    """Return the secret values in Secrets, and in what `kubectl apply` has left on them.

    Without what is public: certificates, and the names of users, databases and hosts.
    """
    found: dict[str, str] = {}
    for secret in secrets:
        name = secret["metadata"]["name"]
        for key, text in entries(secret):
            for each in _secret_texts(key, text, configured):
                found.setdefault(each, f"{name}/{key}")
    return tuple(SecretValue(origin, text) for text, origin in found.items())


def entries(secret: Object) -> Iterator[tuple[str, str]]:
    """Yield (key, value) of a Secret, and of what its annotation says it held when applied."""
    yield from _decoded(secret.get("data") or {})
    annotation = (secret["metadata"].get("annotations") or {}).get(_APPLIED)
    try:
        applied = json.loads(annotation) if annotation else {}
    except ValueError:
        return
    if isinstance(applied, dict):
        yield from _decoded(applied.get("data") or {})
        yield from ((str(k), str(v)) for k, v in (applied.get("stringData") or {}).items())


def called_secret(key: str) -> bool:
    """Whether the name of a key says that its value is secret."""
    return bool(_SECRET_NAME.search(_words(key))) and not called_public(key)


def called_public(key: str) -> bool:
    """Whether the name of a key says that its value is none: a user, a database, a host."""
    return bool(_PUBLIC_NAME.search(_words(key)))


def is_login_name(key: str, value: str) -> bool:
    """Whether a value is the name of a login or of a database, which is no secret in a Secret.

    A connection string under such a key is none.
    """
    return bool(_LOGIN_NAME.search(_words(key)) and _NAME.fullmatch(value.strip()))


def _secret_texts(key: str, text: str, configured: ConfiguredKeys) -> Iterator[str]:
    """Yield what is secret in a value: all of it, or the passwords and keys within."""
    private = private_parts(text)
    yield from private
    inner = tuple(dict.fromkeys(_inner(text)))
    yield from inner
    if _is_public(key, text, configured) or (_URL.fullmatch(text.strip()) and not inner):
        return
    named = called_secret(key) or key in (*configured.secret, *configured.rotation)
    if len(text) > _LONGEST:
        return
    if private or inner or named or "\n" in text.strip() or _looks_generated(text.strip()):
        yield text.strip()


def _looks_generated(text: str) -> bool:
    """Whether nobody would write a text: no words, no host, no path."""
    if _SPOKEN.fullmatch(text) or not any(map(str.isdigit, text)):
        return False
    return guess_bits(text) >= _UNGUESSED_BITS


def _is_public(key: str, text: str, configured: ConfiguredKeys) -> bool:
    if not text.strip():
        return True
    if "PRIVATE KEY-----" in text:
        return False
    if _PUBLIC_CONTENT.match(text.strip()) or called_public(key):
        return True
    # A list cannot make a password public.
    return key in configured.public and not called_secret(key)


def _inner(text: str) -> Iterator[str]:
    """Yield the passwords and keys in a URL, a connection string, settings or JSON."""
    for each in _IN_URL.findall(text):
        yield from (each, unquote(each))
    yield from _IN_DSN.findall(text)
    try:
        document = json.loads(text)
    except ValueError:
        if "\n" in text.strip():
            yield from (
                value.strip() for name, value in _SETTING.findall(text) if called_secret(name)
            )
        return
    yield from _in_document(document)


def _in_document(found: Any) -> Iterator[str]:  # noqa: ANN401 (any JSON)
    if isinstance(found, dict):
        for name, value in found.items():
            if isinstance(value, str) and called_secret(name):
                yield from (value, *private_parts(value))
            else:
                yield from _in_document(value)
    elif isinstance(found, list):
        for value in found:
            yield from _in_document(value)


def _decoded(data: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, encoded in data.items():
        try:
            yield key, base64.b64decode(encoded).decode("utf-8")
        except UnicodeDecodeError:
            yield key, encoded  # not a text: its form in base64 is the only one to look for
        except ValueError:  # not base64
            continue


def _words(key: str) -> str:
    """Write a key in small letters, with its words apart: `dbPassword` is db_password."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
