from __future__ import annotations

from pathlib import Path

from acceptance.domains.documentation.drivers.programs import Programs


def test_a_wrapped_line_that_begins_with_an_option_is_text(tmp_path: Path) -> None:
    """So wraps argparse: the continuation stands far to the right."""
    text = "usage: tool\n\n  --own  names\n                        --gone in it\n"
    (tmp_path / "tool.py").write_text(f"print({text!r})")
    assert Programs(tmp_path, timeout=30).options("tool") == {"--own"}
