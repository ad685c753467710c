from __future__ import annotations

import os
from pathlib import Path

import pytest

from acceptance.domains.documentation.drivers.inventory import folders_of
from acceptance.domains.documentation.drivers.lychee import LinkFacts, follow_links
from acceptance.domains.documentation.drivers.pages import read_page
from acceptance.domains.documentation.link_rules import link_fault
from acceptance.errors import EnvironmentFailure

PAGE = """# Here

## Here

Setext *title*
--------------

## Top of `a_b` & C++ (1.2)!

## Braces {#braces}

<a name="own"></a> <img src="b c.txt" id="shown">

"""
LINKS: dict[str, str | None] = {
    "../README.md": None,
    "/README.md#start": None,
    "#here": None,
    "#here-1": None,
    "#setext-title": None,
    "#top-of-a_b--c-12": None,
    "#own": None,
    "#shown": None,
    "b%20c.txt": None,
    "..": None,
    "../acceptance": None,
    "../acceptance/": None,
    "../acceptance/errors.py#L3-L5": None,
    "../acceptance/errors.py#L3": None,
    "https://outside.example/a?b#c": None,
    "http://localhost:8080/": None,
    "mailto:team@team.example": None,
    "../readme.md": "there is no such file",
    "gone.md": "there is no such file",
    "../acceptance/gone/": "there is no such file",
    "../reports/readiness.html": "only this machine has it",
    "#here-2": "docs/a.md has no such heading",
    "#Here": "docs/a.md has no such heading",
    "#top": "docs/a.md has no such heading",
    "#braces": "docs/a.md has no such heading",
    "../README.md#end": "README.md has no such heading",
    "../acceptance/errors.py#top": "only pages have headings",
    "../acceptance#top": "only pages have headings",
    "../../elsewhere.md": "leads out of the repository",
    "../../there.md": "leads out of the repository",
    "https:///path": "names no host",
    "https://[x": "is no address",
    "mailto:team": "names no mailbox",
    "//outside.example/x": "leaves out the scheme",
    "ftp://outside.example/x": "has the scheme ftp",
    "tel:123": "has the scheme tel",
}


@pytest.fixture(scope="session")
def followed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """What is wrong with each of the links, by what is written."""
    root = tmp_path_factory.mktemp("links") / "repository"
    texts = {
        "README.md": "# Start\n",
        "docs/a.md": PAGE + "".join(f"[x]({target})\n" for target in LINKS),
    }
    others = ("docs/b c.txt", "acceptance/errors.py", "../there.md", "reports/readiness.html")
    for name in (*texts, *others):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(texts.get(name, "x"), encoding="utf-8")
    # What would make lychee leave something out.
    (root / ".lycheeignore").write_text(".*\n")
    (root / "lychee.toml").write_text('exclude = [".*"]\n')
    (root / ".gitignore").write_text("/reports/\n/docs/\n")
    names = [*texts, *others[:2]]
    pages = {name: read_page(name, text) for name, text in texts.items()}
    links = follow_links(root, list(texts), timeout=30)
    first = PAGE.count("\n") + 1
    written = dict(enumerate(LINKS, start=first))
    return {
        written[link.line]: link_fault(link, pages, names, folders_of(names))
        for link in links
        if link.line >= first
    }


@pytest.mark.parametrize(("target", "fault"), LINKS.items())
def test_links_are_followed(
    followed: dict[str, str | None], target: str, fault: str | None
) -> None:
    """Files as others have them, headings as GitHub names them, and the form of the rest."""
    found = followed[target]
    assert (found is None) if fault is None else (found is not None and found.startswith(fault))


def test_links_are_read_as_markdown_shows_them(tmp_path: Path) -> None:
    """In tables, lists, quotes, HTML and definitions; with their lines; not in code or remarks."""
    text = (
        "[a](1.md\n) `[x](no.md)` <!-- [x](no.md) -->\n"
        '<a href="2.md">a</a>\n\n'
        "| a |\n| --- |\n| [a][b] |\n\n"
        "- > ![a](4.png)\n\n"
        "```\n[x](no.md)\n```\n\n    [x](no.md)\n\n"
        "[b]: <3.md>\n[unused]: no.md\n"
    )
    (tmp_path / "a.md").write_text(text)
    links = follow_links(tmp_path, ["a.md"], timeout=30)
    assert [(link.line, link.target) for link in links] == [
        (1, "1.md"), (3, "2.md"), (7, "3.md"), (9, "4.png"),
    ]  # fmt: skip
    assert all(link.fault for link in links)


def test_pages_are_asked_for_by_their_names(tmp_path: Path) -> None:
    """Whatever these are: hidden, with the signs of a glob, or reached by a symbolic link."""
    root = tmp_path / "repository"
    names = [".github/a.md", "b[1]*.md", "c d.md"]
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("[x](gone.md)\n")
    (tmp_path / "link").symlink_to(root)
    links = follow_links(tmp_path / "link", names, timeout=30)
    assert links[0] == LinkFacts(
        page=".github/a.md",
        line=1,
        address=f"file://{root.resolve()}/.github/gone.md",
        path=".github/gone.md",
        anchor="",
        fault="File not found. Check if file exists and path is correct",
    )
    assert [link.page for link in links] == names


def test_a_page_that_lychee_leaves_out_is_no_page_in_order(tmp_path: Path) -> None:
    """It says so only by the way."""
    (tmp_path / "a.md").write_bytes(b"[x](gone.md) \xe9\n")
    with pytest.raises(EnvironmentFailure, match=r"lychee left something out: .*a\.md"):
        follow_links(tmp_path, ["a.md"], timeout=30)


def test_a_remedy_is_told_when_lychee_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it no link is known to be right."""
    monkeypatch.setattr("sysconfig.get_path", lambda _: os.fspath(tmp_path))
    with pytest.raises(EnvironmentFailure, match="lychee is not installed"):
        follow_links(tmp_path, ["a.md"], timeout=30)
