"""Wraps clang: reuses an object that was compiled before from the same source.

The node runs it by path, isolated, so it uses the standard library alone. An object's name depends
on the preprocessed text, the options and the compiler's version, but not on paths and comments. New
objects go to a folder of the run, because the node may not write to the cache.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys


def key_of(text: bytes, options: list[str], version: str) -> str:
    """Return the name of the object from the preprocessed `text` with `options`."""
    named = hashlib.sha256(version.encode())
    for option in options:
        named.update(b"\0" + option.encode())
    named.update(b"\0\0" + text)
    return named.hexdigest()[:32]


def main(arguments: list[str]) -> int:
    """Write the object to the standard output, as clang would; for any other call, become clang."""
    clang = os.environ["DATAPATH_CLANG"]
    one_node_only = any(
        each.endswith("/bpf_sock.c") for each in arguments
    )  # contains the id of its namespace
    if arguments[-2:] != ["-o", "-"] or "-c" not in arguments or one_node_only:
        os.execv(clang, [clang, *arguments])  # noqa: S606 (a list, and no shell)
    preprocess = ["-E" if each == "-c" else each for each in arguments]
    done = subprocess.run([clang, "-P", *preprocess], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        return done.returncode
    options = [each for each in arguments if not each.startswith(("-I", "/"))]
    key = key_of(done.stdout, options, os.environ["DATAPATH_COMPILER"])
    compiled = os.path.join(os.environ["DATAPATH_NEW"], f"{key}.o")  # noqa: PTH118 (pathlib is slow)
    known = os.path.join(os.environ["DATAPATH_CACHE"], key, "object")  # noqa: PTH118
    for path in (known, compiled):
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                sys.stdout.buffer.write(file.read())
            return 0
        except FileNotFoundError:
            continue
    half = f"{compiled}.{os.getpid()}"
    made = subprocess.run([clang, *arguments[:-1], half], check=False)
    if made.returncode != 0:
        return made.returncode
    os.rename(half, compiled)  # noqa: PTH104
    with open(compiled, "rb") as file:  # noqa: PTH123
        sys.stdout.buffer.write(file.read())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
