from __future__ import annotations

import base64
import gzip
import html
import io
import json
import shlex
import tarfile
import textwrap
import time
import zipfile
from urllib.parse import quote

import pytest

from acceptance.drivers.packed_content import unpacked
from acceptance.readiness.redaction import MASK, Redactor, redactable
from acceptance.readiness.secret_encodings import FormIndex

SECRET = "p&ss/w<rd+'\"ß" + "x1Y2z3" * 12
PLAIN = "x1Y2z3Qw" * 5
KIND = "PRIVATE KEY-----\n"
KEY = f"-----BEGIN {KIND}MIGHAgEAMBMGByqGSM49\nAgEGCCqGSM49AwEHBG0w\n-----END {KIND}"
B64 = base64.b64encode(SECRET.encode()).decode()


def special_in_lower_case(secret: str) -> str:
    """As programs encode for a URL that leave letters alone, of any language."""
    return "".join(c if c.isalnum() else "".join(f"%{b:02x}" for b in c.encode()) for c in secret)


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET[::-1],
        B64,
        quote(SECRET, safe=""),
        special_in_lower_case(SECRET),
        quote(PLAIN + "&/<", safe="").lower().replace(PLAIN.lower(), PLAIN),
        "".join(f"%{b:02X}" for b in SECRET.encode()),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        SECRET.encode().hex(":"),
        html.escape(SECRET),
        html.escape(SECRET).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(SECRET))[3:-3],
        repr(SECRET)[1:-1],
        SECRET.replace("'", "''"),
        SECRET.replace("'", "'\\''"),
        shlex.quote(SECRET)[1:-1],
        base64.b64encode(B64.encode()).decode(),
        base64.b64encode(SECRET.encode("utf-16-le")).decode(),
        SECRET.encode("utf-16-le").decode("latin-1"),
        "\n".join(textwrap.wrap(base64.b64encode(b"x" * 40 + SECRET.encode()).decode(), 76)),
        json.dumps("\n".join(textwrap.wrap(B64, 64))),
        base64.b64encode(gzip.compress(SECRET.encode(), mtime=0)).decode(),
        gzip.compress(SECRET.encode(), mtime=0).decode("latin-1"),
    ],
)
def test_no_form_of_a_secret_gets_through(form: str) -> None:
    """Whatever an encoder, a quoting rule, a line break or a compression makes of it."""
    clean = Redactor([SECRET, PLAIN + "&/<"]).redact(form)
    assert clean != form
    for each in unpacked(clean.encode("latin-1", "replace")):
        assert MASK.encode() in each or each.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("before", ["    ", "2026-11-30T10:00:00Z backend-1: ", "\t| "])
def test_a_key_is_masked_line_by_line(before: str) -> None:
    """As YAML indents it, and as a log writes a prefix before each of its lines."""
    clean = Redactor([KEY]).redact(textwrap.indent(KEY, before))
    assert "MIGH" not in clean
    assert "AgEG" not in clean


def test_the_lines_of_a_certificate_are_no_secret() -> None:
    """A certificate is public: what names it in a report stays readable."""
    certificate = KEY.replace("PRIVATE KEY", "CERTIFICATE")
    assert "MIGHAgEAMBMGByqGSM49" in Redactor([certificate]).redact("MIGHAgEAMBMGByqGSM49\n")


def test_what_surrounds_a_value_across_lines_stays() -> None:
    """Only the value is masked, with the breaks within it."""
    broken = f"before\n  {PLAIN[:20]}\n  {PLAIN[20:]} after\n"
    assert Redactor([PLAIN]).redact(broken) == f"before\n  {MASK} after\n"
    twice = f"{PLAIN[:9]}\\n{PLAIN[9:]} and {PLAIN}\n"
    assert Redactor([PLAIN]).redact(twice) == f"{MASK} and {MASK}\n"


def test_words_that_make_up_a_short_value_stay() -> None:
    """Without the spaces between them, words would hold a short value by chance."""
    assert Redactor(["onestep"]).redact("one step after the other") == "one step after the other"


def test_compressed_content_without_a_secret_stays_as_it_is() -> None:
    """Byte by byte, also where it cannot be opened."""
    for content in (gzip.compress(b"calm"), b"\x1f\x8b\x08broken", b"H4sIAAAA and so on"):
        assert Redactor([PLAIN]).redact_bytes(content) == content


def test_everything_packed_is_opened() -> None:
    """Archives within archives, in base64 too; what is broken is left."""
    tape, box = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tape, mode="w") as archive:
        info = tarfile.TarInfo("a")
        content = gzip.compress(PLAIN.encode())
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    with zipfile.ZipFile(box, "w") as packed:
        packed.writestr("b", tape.getvalue())
    encoded = b"data: " + base64.b64encode(box.getvalue()) + b"\n"
    assert PLAIN.encode() in list(unpacked(encoded))
    assert list(unpacked(b"PK\x03\x04 broken")) == [b"PK\x03\x04 broken"]


def test_megabytes_are_redacted_in_a_moment() -> None:
    """Every piece of evidence passes here, and a run has many values."""
    redactor = Redactor([f"{n}-{PLAIN}" for n in range(60)])
    started = time.monotonic()
    redactor.redact_bytes(b'{"name": "a word that is everywhere", "value": 1}\n' * 40_000)
    assert time.monotonic() - started < 5


def test_a_value_that_is_too_short_to_be_redacted_ends_no_run() -> None:
    """A PIN in a Secret of the system is neither an error of an input nor masked everywhere."""
    known = redactable(["4711", "Zm9yIHJlYWw"])
    assert known == ["Zm9yIHJlYWw"]
    assert Redactor(known).redact("4711 Zm9yIHJlYWw") == f"4711 {MASK}"


@pytest.mark.parametrize("length", [6, 14, 15, 16, 40])
def test_a_form_is_found_wherever_it_begins_and_ends(length: int) -> None:
    """A text is looked at in pieces, and the form may lie across them in any way."""
    form = "".join(chr(ord("!") + at) for at in range(length))
    index = FormIndex([form])
    for before in range(20):
        for after in range(10):
            assert list(index.found_in("~" * before + form + "~" * after)) == [form]
    assert not list(index.found_in("~" * 9 + form[:-1]))
