"""Reads keys of etcd through its JSON gateway, with or without a client certificate.

It runs in the node by its path, isolated (`python -I`), so it uses the standard library alone.
Arguments: address, certificate authority, certificate, key, and the prefix of the keys; certificate
and key are empty for a client without them. Writes JSON: {"key in base64": "value in base64"}.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import urllib.request

_SECONDS = 10.0


def main(address: str, authority: str, certificate: str, key: str, prefix: str) -> int:
    """Write every key that begins with `prefix`, with its value."""
    context = ssl.create_default_context(cafile=authority)
    if certificate:
        context.load_cert_chain(certificate, key)
    raw = prefix.encode()
    after = raw[:-1] + bytes([raw[-1] + 1])
    asked = {"key": base64.b64encode(raw).decode(), "range_end": base64.b64encode(after).decode()}
    request = urllib.request.Request(  # noqa: S310 (https, and the address is the API server's)
        f"{address}/v3/kv/range", data=json.dumps(asked).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=_SECONDS, context=context) as answer:  # noqa: S310
        found = json.load(answer)
    print(json.dumps({each["key"]: each["value"] for each in found.get("kvs", [])}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
