from __future__ import annotations

import pytest

from acceptance.domains.documentation.drivers.mentions import mentions
from acceptance.domains.documentation.drivers.pages import Link, read_page
from acceptance.domains.documentation.link_rules import link_fault

PAGE = """# A *first* `title`, twice

<!-- documents: Makefile, manifests/base/*.yaml
     node/**/go.mod -->
<!-- checked: 2026-11-25 -->

Some [link](other.md#part
) and ![picture](a%20b.png),
with `code` and <https://outside.example/x>. <a name="own"></a>

# A first title, twice

<img src="picture.png" id="shown">

| a | b |
| --- | --- |
| `cell` | [there][ref] |

[ref]: /README.md
[nobody]: but is never used

A [text][missing] and [another][].

```sh run quick
make test
```

    indented --code
"""


def test_a_page_is_read_with_its_lines() -> None:
    """Links, code, anchors and remarks are found where they stand, in tables and in HTML too."""
    page = read_page("docs/x.md", PAGE)
    assert page.documents == ("Makefile", "manifests/base/*.yaml", "node/**/go.mod")
    assert page.checked == "2026-11-25"
    assert page.anchors == {"a-first-title-twice", "a-first-title-twice-1", "own", "shown"}
    assert {link.target for link in page.links} == {
        "other.md#part", "a%20b.png", "https://outside.example/x", "picture.png", "/README.md",
    }  # fmt: skip
    assert Link("picture.png", 13) in page.links
    assert [link.target for link in page.dangling] == ["[text][missing]", "[another][]"]
    spans = [code.text for code in page.code if code.language is None]
    assert spans == ["title", "code", "cell"]
    fence = next(code for code in page.code if code.language == "sh")
    assert (fence.text, fence.marks, fence.line) == ("make test\n", ("run", "quick"), 25)
    assert page.code[-1].text == "indented --code\n"


def test_what_stands_in_code_is_no_link_and_no_remark() -> None:
    """A page that explains the rules does not thereby follow them."""
    page = read_page(
        "x.md", "```\n<!-- documents: a -->\n[a](b)\n```\n\n`[a](b)` `<!-- checked: x -->`\n"
    )
    assert page.documents == ()
    assert page.checked == ""
    assert page.links == ()


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("../README.md", None),
        ("/README.md#start", None),
        ("#here", None),
        ("b%20c.txt", None),
        ("../acceptance", None),
        ("../acceptance/", None),
        ("../acceptance/errors.py#L3-L5", None),
        ("https://outside.example/a?b#c", None),
        ("mailto:team@team.example", None),
        ("../readme.md", "leads to readme.md, which is not there"),
        ("gone.md", "leads to docs/gone.md, which is not there"),
        ("../reports/readiness.html", "leads to reports/readiness.html, which is not there"),
        ("#Here", "leads to #Here, and docs/a.md has no such heading"),
        ("../README.md#end", "leads to #end, and README.md has no such heading"),
        ("../acceptance/errors.py#top", "leads to #top in acceptance/errors.py, which is no page"),
        ("../../elsewhere.md", "leads out of the repository"),
        ("https:///path", "names no host"),
        ("https://[x", "is no address"),
        ("mailto:team", "names no mailbox"),
        ("file:///etc/hosts", "has the scheme file"),
        ("//outside.example/x", "has the scheme of its page"),
    ],
)
def test_links_are_followed(target: str, fault: str | None) -> None:
    """Files as others have them, headings as GitHub names them, and the form of the rest."""
    page = read_page("docs/a.md", "# Here")
    pages = {"docs/a.md": page, "README.md": read_page("README.md", "# Start")}
    names = {*pages, "docs/b c.txt", "acceptance/errors.py"}
    found = link_fault(page, target, pages, names)
    assert (found is None) if fault is None else (found is not None and found.startswith(fault))


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
        ("--keep-cluster", [("option", "--keep-cluster", "")]),
        ("kubectl get --watch | sort", []),
        ("acceptance/actors/*.py", [("path", "acceptance/actors/*.py", "")]),
        ("localhost/checkout-backend", [("path", "localhost/checkout-backend", "")]),
        ("GET /api/checkouts", []),
        ("it's", []),
    ],
)
def test_code_is_read_as_commands(code: str, expected: list[tuple[str, str, str]]) -> None:
    """Targets, commands, options with their program, modules and paths; no more than that."""
    for text in (f"`{code}`", f"```sh\n{code}  # why\n```"):
        page = read_page("x.md", text)
        assert [(m.kind, m.text, m.program) for m in mentions(page)] == expected


def test_other_languages_are_no_commands() -> None:
    """A block of TOML may name paths of another system."""
    assert not mentions(read_page("x.md", '```toml\nmake = "docs/gone.md"\n```'))


def test_a_mention_has_its_line() -> None:
    """Continued lines count for the lines that they are."""
    page = read_page("x.md", "text\n\n```\n# why\npytest \\\n  -q\nmake test\n```\n")
    assert [(m.text, m.line) for m in mentions(page)] == [("-q", 5), ("make test", 7)]


def test_what_the_reader_makes_is_not_mentioned() -> None:
    """A page says so; what it does not name has to be there."""
    page = read_page("x.md", "<!-- makes: keys/*.pem -->\n\n`keys/a.pem` `keys/b.toml`\n")
    assert [mention.text for mention in mentions(page)] == ["keys/b.toml"]
