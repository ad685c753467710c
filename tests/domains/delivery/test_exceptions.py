from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.domains.delivery.drivers.exceptions import FILE, read_exceptions
from acceptance.errors import BrokenInput
from acceptance.project import ROOT


def test_the_exceptions_of_this_project_can_be_read() -> None:
    """Each with an owner, a reason and a day."""
    found = read_exceptions(ROOT)
    assert found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[[exception", "not valid TOML"),
        ("[other]", "unknown key other: known: exception"),
        ("exception = 1", "exception has to be a list"),
        ("exception = [1]", "exception 1 has to be a table"),
        ('[[exception]]\nscaner = "x"', "unknown key scaner"),
        (
            '[[exception]]\nscanner = "x"\nrule = " "',
            "exception 1: rule has to be a text that is not empty",
        ),
        (
            '[[exception]]\nscanner="x"\nrule="y"\nwhere="z"\nowner="o"\nreason="r"\nexpires="x"',
            "expires has to be a date without quotes",
        ),
    ],
)
def test_exceptions_that_cannot_be_read_are_an_error(tmp_path: Path, text: str, wrong: str) -> None:
    """The sentence names the entry."""
    assert read_exceptions(tmp_path) == ()
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BrokenInput, match=wrong):
        read_exceptions(tmp_path)
