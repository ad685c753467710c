from __future__ import annotations

import subprocess
from datetime import date, timedelta

import pytest

from acceptance.domains.recovery.backup_and_restore import PAGE
from acceptance.project import ROOT
from acceptance.runbooks.reader import (
    date_in,
    duration_in,
    line_with,
    load_runbook,
    read_runbook,
)

SMALL = """# Title

## Purpose

Why it is *done*.

### A detail

More.

## Restore

1. First.

   ```sh restore
   cat <<'EOF'
     indented
   EOF
   ```

2. Then.

   ```sh restore
   second
   ```

```
no mark
```

```sh
no mark either
```

```python restore
no_shell()
```
"""


def test_sections_end_at_the_next_one() -> None:
    """A section has its prose and code, deeper headings included, and nothing of the next."""
    page = read_runbook("docs/page.md", SMALL)
    assert [section.title for section in page.sections] == ["Purpose", "Restore"]
    assert page.section("purpose") == "Why it is *done*.\nA detail\nMore."
    assert page.section("absent") == ""


def test_commands_are_taken_exactly_and_in_order() -> None:
    """Shell blocks with a mark are read without the indentation of the list around them."""
    page = read_runbook("docs/page.md", SMALL)
    assert page.commands("restore") == "cat <<'EOF'\n  indented\nEOF\nsecond\n"
    assert [block.line for block in page.blocks] == [15, 23]
    assert page.commands("backup") == ""


@pytest.mark.parametrize("text", ["", "no heading", "# One\n\ntext", "```sh\n", "## \n"])
def test_no_page_breaks_the_reader(text: str) -> None:
    """A page that is no runbook has no commands."""
    assert read_runbook("", text).blocks == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("every 24 hours", timedelta(hours=24)),
        ("about 1 day, never 2 weeks", timedelta(days=1)),
        ("15 Minutes.", timedelta(minutes=15)),
        ("soon", None),
        ("24 hourglasses", None),
    ],
)
def test_durations(text: str, found: timedelta | None) -> None:
    """The first duration counts; other numbers and words do not."""
    assert duration_in(text) == found


def test_dates() -> None:
    """A day that does not exist is no date."""
    assert date_in("on 2026-11-25, by hand") == date(2026, 11, 25)
    assert date_in("on 2026-02-30") is None
    assert date_in("last week") is None


def test_lines_are_found_by_their_first_word() -> None:
    """A list or table mark before it does not matter."""
    assert line_with("x\n- Backup: daily\n| Rehearsal | yearly", "backup") == "- Backup: daily"
    assert line_with("x\n- Backup: daily\n| Rehearsal | yearly", "Rehearsal")[2:11] == "Rehearsal"
    assert line_with("none", "Backup") == ""


@pytest.mark.parametrize("mark", ["backup", "restore", "reopen", "discard"])
def test_the_commands_are_shell(mark: str) -> None:
    """Bash can parse the commands of the recovery runbook."""
    script = load_runbook(ROOT, PAGE).commands(mark)
    assert "kubectl" in script
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_commands_show_no_secret() -> None:
    """The commands of the recovery runbook read and print no password."""
    page = load_runbook(ROOT, PAGE)
    joined = "".join(block.text for block in page.blocks)
    assert not {word for word in ("PASSWORD", "get secret", "SIGNING_KEY") if word in joined}
