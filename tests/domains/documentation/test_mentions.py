from __future__ import annotations

import pytest

from acceptance.domains.documentation.drivers.mentions import mentions
from acceptance.domains.documentation.drivers.pages import read_page


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("make acceptance CLUSTER=k3d", [("target", "make acceptance", "")]),
        ("make clean setup", [("target", "make clean", ""), ("target", "make setup", "")]),
        ("make TARGET", []),
        ("make", []),
        (
            'make controls ARGS="-k name --keep-cluster"',
            [
                ("target", "make controls", ""),
                ("option", "-k", "pytest"),
                ("option", "--keep-cluster", "pytest"),
            ],
        ),
        ('make bench ARGS="--quick"', [("target", "make bench", "")]),
        (
            "CI=1 .venv/bin/pytest -m TASK-1 --reports=reports/x tests/test_a.py::test_b",
            [
                ("option", "-m", "pytest"),
                ("option", "--reports", "pytest"),
                ("path", ".venv/bin/pytest", ""),
                ("path", "reports/x", ""),
                ("path", "tests/test_a.py", ""),
            ],
        ),
        (
            "acceptance attest ITEM --evidence FILE",
            [
                ("command", "acceptance attest", ""),
                ("option", "--evidence", "acceptance attest"),
            ],
        ),
        (
            "python -m acceptance.cli gate && python3 -m acceptance.cli.doctor",
            [("command", "acceptance gate", ""), ("module", "acceptance.cli.doctor", "")],
        ),
        ("acceptance --help", [("option", "--help", "acceptance")]),
        (
            "python -m operations rotate --overlap 60",
            [("command", "operations rotate", ""), ("option", "--overlap", "operations rotate")],
        ),
        ("--keep-cluster", [("option", "--keep-cluster", "")]),
        ("kubectl get --watch | sort", []),
        ("acceptance/actors/*.py", [("path", "acceptance/actors/*.py", "")]),
        ("localhost/checkout-backend", [("path", "localhost/checkout-backend", "")]),
        ("GET /api/checkouts", []),
        ("it's", []),
    ],
)
def test_code_is_read_as_commands(code: str, expected: list[tuple[str, str, str]]) -> None:
    """Targets, commands, options with their program, modules and paths; nothing else."""
    for text in (f"`{code}`", f"```sh\n{code}  # why\n```"):
        page = read_page("x.md", text)
        assert [(m.kind, m.text, m.program) for m in mentions(page)] == expected


def test_other_languages_mention_nothing() -> None:
    """A block of TOML may name paths of another system."""
    assert not mentions(read_page("x.md", '```toml\nmake = "docs/gone.md"\n```'))


def test_a_mention_has_its_line() -> None:
    """A continued line counts as the lines that it has."""
    page = read_page("x.md", "text\n\n```\n# why\npytest \\\n  -q\nmake test\n```\n")
    assert [(m.text, m.line) for m in mentions(page)] == [("-q", 5), ("make test", 7)]


def test_a_file_that_the_reader_creates_is_not_mentioned() -> None:
    """The page names it; every other file has to exist."""
    page = read_page("x.md", "<!-- makes: keys/*.pem -->\n\n`keys/a.pem` `keys/b.toml`\n")
    assert [mention.text for mention in mentions(page)] == ["keys/b.toml"]
