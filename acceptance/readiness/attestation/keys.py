"""Makes and reads a person's private key, which must be outside of every repository."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path


def new_key(path: Path, root: Path, passphrase: str) -> SSlibKey:
    """Make an Ed25519 key pair, write the private key to `path`, and return the public one.

    Only the owner can read the file; with a `passphrase` it is encrypted (PKCS #8).

    Raises `BrokenInput` for a path inside of a repository, where somebody could commit the key,
    and for a path that exists.
    """
    _refuse_inside(path, root)
    private = Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}. Try: another path."
        raise BrokenInput(message) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return SSlibKey.from_crypto(private.public_key())


def load_key(path: Path, root: Path, ask_passphrase: Callable[[], str]) -> CryptoSigner:
    """Read the private key at `path`; `ask_passphrase` is called if it is encrypted.

    Raises `BrokenInput` if the file cannot be read, is not an Ed25519 key, or is in a repository.
    """
    _refuse_inside(path, root)
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The key {path} cannot be read: {error.strerror}. Try: --new-key makes one."
        raise BrokenInput(message) from error
    try:
        try:
            private = load_pem_private_key(content, None)
        except TypeError:  # the key is encrypted
            private = load_pem_private_key(content, ask_passphrase().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = f"{path} is not a private key in PEM, or the passphrase is wrong."
        raise BrokenInput(message) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise BrokenInput(
            f"{path} is not an Ed25519 key. Try: acceptance attest --new-key {path}.new"
        )
    return CryptoSigner(private)


def trust_lines(
    key: SSlibKey, person: str, roles: Sequence[str], start: dt.date, end: dt.date
) -> str:
    """Return the lines that trust.toml needs for a key."""
    quoted = ", ".join(_quoted(role) for role in roles)
    return (
        "[[keys]]\n"
        f'keyid = "{key.keyid}"\n'
        f'public = "{key.keyval["public"]}"\n'
        f"person = {_quoted(person)}\n"
        f"roles = [{quoted}]\n"
        f"valid_from = {start}\n"
        f"valid_until = {end}\n"
    )


def _quoted(text: str) -> str:
    """Return the text as a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _refuse_inside(path: Path, root: Path) -> None:
    resolved = path.resolve()
    repositories = [
        root.resolve(),
        *(each for each in resolved.parents if (each / ".git").exists()),
    ]
    inside = next((each for each in repositories if resolved.is_relative_to(each)), None)
    if inside is not None:
        raise BrokenInput(
            f"The private key {path} would be in the repository {inside}. "
            "Try: a folder outside of it, such as ~/.config/checkout-acceptance."
        )
