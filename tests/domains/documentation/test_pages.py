from __future__ import annotations

from acceptance.domains.documentation.drivers.pages import LinkReference, read_page

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
    """Headings, code, undefined links and remarks are found with the lines that they are on."""
    page = read_page("docs/x.md", PAGE)
    assert page.documents == ("Makefile", "manifests/base/*.yaml", "node/**/go.mod")
    assert page.checked == "2026-11-25"
    assert page.headings == ("A *first* `title`, twice", "A first title, twice")
    assert page.undefined == (
        LinkReference("[text][missing]", 22),
        LinkReference("[another][]", 22),
    )
    spans = [code.text for code in page.code if code.language is None]
    assert spans == ["title", "code", "cell"]
    fence = next(code for code in page.code if code.language == "sh")
    assert (fence.text, fence.marks, fence.line) == ("make test\n", ("run", "quick"), 25)
    assert page.code[-1].text == "indented --code\n"


def test_code_is_no_link_and_no_remark() -> None:
    """A page that explains the rules does not thereby follow them."""
    page = read_page(
        "x.md", "```\n<!-- documents: a -->\n[a][b]\n```\n\n`[a][b]` `<!-- checked: x -->`\n"
    )
    assert page.documents == ()
    assert page.checked == ""
    assert page.undefined == ()
