"""Judges the credentials that were found in a container: what each of them opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.drivers.container_credentials import FoundCredential

IMAGE = "the image"
CONFIG_MAP = "a ConfigMap"
_ACCOUNT = "system:serviceaccount:"
_OPEN = {
    "kubeconfig": "a kubeconfig",
    "cloud": "a credential of a cloud",
    "service": "a token of another service",
}


@dataclass(frozen=True)
class VolumeMount:
    """Where a volume is mounted in a container, and what it is."""

    path: str
    source: str
    """`a ConfigMap`, or the field of the volume in the pod, such as emptyDir."""


def volume_mounts(pod: Mapping[str, Any], container: str) -> tuple[VolumeMount, ...]:
    """Return the mounts of a container of a pod, as the API sends it."""
    spec = pod["spec"]
    sources = {each["name"]: _source(each) for each in spec.get("volumes") or ()}
    return tuple(
        VolumeMount(mount["mountPath"].rstrip("/"), sources.get(mount["name"], ""))
        for group in ("containers", "initContainers")
        for each in spec.get(group) or ()
        if each["name"] == container
        for mount in each.get("volumeMounts") or ()
    )


def opens(
    credential: FoundCredential,
    mounts: Sequence[VolumeMount],
    authorities: Sequence[x509.Certificate],
    now: float,
) -> str | None:
    """Return what a credential is, if it opens something; None if it does not.

    `authorities` are those by whose certificates the API server knows its clients, `now` is in
    seconds since 1970. A private key opens the API server with a certificate of theirs. Any other
    is for a server, or for a client of one: it has to come from a Secret or be made where it is.
    """
    if credential.kind == "jwt":
        return _token(credential.claims, now)
    if credential.kind != "key":
        return _OPEN[credential.kind]
    if any(
        _is_issued_by(certificate, authority)
        for certificate in _certificates(credential.certificates)
        for authority in authorities
    ):
        return "a private key with a certificate of the cluster's own authority"
    source = _source_of(credential.place, mounts)
    return f"a private key from {source}" if source in {IMAGE, CONFIG_MAP} else None


def _token(claims: Mapping[str, Any], now: float) -> str | None:
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires < now:
        return None
    if str(claims.get("sub", "")).startswith(_ACCOUNT) or "kubernetes.io" in claims:
        audience = claims.get("aud")
        named = ", ".join(audience) if isinstance(audience, list) else str(audience or "")
        return "a token of a service account" + (f" for {named}" if named else "")
    return "a bearer token"


def _source(volume: Mapping[str, Any]) -> str:
    if "configMap" in volume:
        return CONFIG_MAP
    parts = (volume.get("projected") or {}).get("sources") or ()
    if parts and all("configMap" in each or "downwardAPI" in each for each in parts):
        return CONFIG_MAP
    return next((name for name in volume if name != "name"), "")


def _source_of(place: str, mounts: Sequence[VolumeMount]) -> str:
    """Return what the file of a container comes from."""
    file = _real(place)
    within = [
        mount
        for mount in mounts
        if file == _real(mount.path) or file.startswith(f"{_real(mount.path)}/")
    ]
    return max(within, key=lambda mount: len(mount.path)).source if within else IMAGE


def _real(path: str) -> str:
    """Return a path as find shows it: /var/run is a link to /run in most images."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def _certificates(text: str) -> Iterator[x509.Certificate]:
    if text.strip():
        try:
            yield from x509.load_pem_x509_certificates(text.encode())
        except ValueError:
            return  # an incomplete file beside it


def _is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
