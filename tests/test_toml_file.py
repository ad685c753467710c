from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

import pytest
from pydantic import Field

from acceptance.errors import BrokenInput
from acceptance.toml_file import Count, Day, Number, Text, one_of, read_toml

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    """A part in a list, with a name of its own."""

    name: Text
    spokes: Annotated[Count, Field(ge=3)] = 3


@dataclass(frozen=True)
class Bicycle:
    """Has one field for each kind of value."""

    colour: Literal["red", "blue"]
    weight: Annotated[Number, Field(gt=0, le=30)] = 10.0
    bought: Day | None = None
    wheels: tuple[Wheel, ...] = ()
    lamps: dict[Annotated[str, one_of(("front", "rear"))], Text] = field(default_factory=dict)


def read(folder: Path, text: str, *, optional: bool = False) -> Bicycle:
    """Read the table `shop.bicycle` of a file with this text."""
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return read_toml(
        path, Bicycle, table=("shop", "bicycle"), optional=optional, name="shop.toml", remedy="Try."
    )


def test_a_file_becomes_what_its_types_say(tmp_path: Path) -> None:
    """Lists become tuples, tables become dataclasses, and what is left out has its default."""
    text = """
        other = 1
        [shop.bicycle]
        colour = "red"
        bought = "2027-06-30"
        wheels = [{name = "front"}, {name = "rear", spokes = 36}]
        lamps = {front = "LED"}
    """
    found = read(tmp_path, text)
    assert found.wheels == (Wheel("front"), Wheel("rear", 36))
    assert str(found.bought) == "2027-06-30"
    assert (found.weight, found.lamps) == (10.0, {"front": "LED"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 'rde'", "[shop.bicycle] colour has to be one of red, blue, not 'rde'."),
        ("weight = 2", "[shop.bicycle] has no colour. It has to be one of red, blue."),
        ("color = 'red'", "[shop.bicycle] has the unknown key color: did you mean colour?"),
        ("weight = '9'", "[shop.bicycle] weight has to be a number above 0 up to 30, not '9'."),
        ("weight = true", "[shop.bicycle] weight has to be a number above 0 up to 30, not True."),
        ("weight = nan", "[shop.bicycle] weight has to be a number above 0 up to 30, not nan."),
        ("bought = 3", "[shop.bicycle] bought has to be a date, as 2027-06-30, not 3."),
        ("bought = '2027-02-30'", "bought has to be a date, as 2027-06-30, not '2027-02-30'."),
        ("bought = 2027-02-03T04:05:06", "bought has to be a date, as 2027-06-30, not "),
        ("wheels = 2", "[shop.bicycle] wheels has to be a list, not 2."),
        ("wheels = [2]", "shop.bicycle.wheels 1 has to be a table, not 2."),
        (
            "wheels = [{name = 'front', spokes = 2.0}]",
            "shop.bicycle.wheels 1 (front): spokes has to be a whole number from 3, not 2.0.",
        ),
        ("lamps = {fron = 'LED'}", "[shop.bicycle.lamps] has the unknown key fron: did you mean"),
        ("lamps = {front = ' '}", "front has to be a text that is not empty, not ' '."),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    """It has the file, the key, what is wrong and what is allowed."""
    complete = text if "colour" in text or text == "weight = 2" else f"colour = 'red'\n{text}"
    with pytest.raises(BrokenInput) as caught:
        read(tmp_path, f"[shop.bicycle]\n{complete}")
    assert caught.value.message.startswith("shop.toml: ")
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "shop.toml has no table [shop]. It needs: colour"),
        ("[shop]", "shop.toml has no table [shop.bicycle]. It needs: colour"),
        ("shop = 3", "shop.toml: [shop] has to be a table"),
        ("[shop]\nbicycle = 3", "shop.toml: [shop.bicycle] has to be a table, not 3."),
        ("[shop", "shop.toml is not valid TOML: "),
    ],
)
def test_a_table_that_is_not_there_is_told(tmp_path: Path, text: str, said: str) -> None:
    """With what it needs."""
    with pytest.raises(BrokenInput) as caught:
        read(tmp_path, text)
    assert caught.value.message.startswith(said)


def test_a_file_that_cannot_be_read_is_told_with_the_remedy(tmp_path: Path) -> None:
    """Each file has another one."""
    with pytest.raises(BrokenInput, match=r"cannot be read: No such file or directory\. Try\."):
        read_toml(tmp_path / "no.toml", Bicycle, remedy="Try.")
