"""Takes the private parts out of a key in PEM: its public parts are in the certificate as well."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----\s*(.*?)-----END \1-----", re.DOTALL)
_BYTES_OF_BASE64 = 3
_LINE_BYTES = 48
"""A line of PEM has 64 characters (RFC 7468)."""
_FEW_BYTES = 8
"""So many private bytes may stand in a line by chance."""


def private_parts(text: str) -> tuple[str, ...]:
    """Return texts of which each tells something private of the keys in `text`.

    They are the lines of PEM that have private bytes, and those bytes in base64, however they are
    aligned in it and however the lines are broken. Empty if there is no private key.
    """
    return tuple(dict.fromkeys(part for block in _BLOCK.finditer(text) for part in _parts(block)))


def _parts(block: re.Match[str]) -> Iterator[str]:
    body = "".join(line for line in block[2].split() if ":" not in line)
    try:
        content = base64.b64decode(body, validate=True)
    except ValueError:
        yield block[2].strip()
        return
    numbers = _private_bytes(block[0]) or (content,)
    for number in numbers:
        start = content.find(number)
        end = start + len(number)
        for first in range(0, len(content), _LINE_BYTES):
            shared = min(end, first + _LINE_BYTES) - max(start, first)
            if start >= 0 and shared > _FEW_BYTES:
                yield base64.b64encode(content[first : first + _LINE_BYTES]).decode()
        for shift in range(_BYTES_OF_BASE64):
            # The first and last characters depend on the bytes beside it.
            whole = (len(number) - shift) // _BYTES_OF_BASE64 * _BYTES_OF_BASE64
            yield base64.b64encode(number[shift : shift + whole]).decode()
        yield number.hex()


def _private_bytes(pem: str) -> tuple[bytes, ...]:
    """Return the private numbers of a key, as they stand in it; none if it cannot be read."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # or it has a pass phrase
        return ()
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        return tuple(
            each.to_bytes((each.bit_length() + 7) // 8, "big")
            for each in (numbers.d, numbers.p, numbers.q)
        )
    if isinstance(key, ec.EllipticCurvePrivateKey):
        value = key.private_numbers().private_value
        return (value.to_bytes((key.curve.key_size + 7) // 8, "big"),)
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return (key.private_bytes_raw(),)
    return ()
