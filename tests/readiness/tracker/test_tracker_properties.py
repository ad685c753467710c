from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from acceptance.errors import BrokenInput
from acceptance.readiness.tracker import Tracker, compare, parse_bytes, tick
from acceptance.readiness.tracker.blocks import plain, repaired

PATH = Path("tracker.md")
QUICK = settings(max_examples=60, derandomize=True, deadline=None, database=None)

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8
).map(lambda word: f"a{word}")
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
BULLETS = st.sampled_from(["-", "*", "+", "1.", "1)"])


@st.composite
def boxes(draw: st.DrawFn) -> list[str]:
    """The lines of a list of boxes, some of them nested, quoted by no more than their bullets."""
    lines, depth = [], 0
    for number in range(draw(st.integers(1, 6))):
        bullet = draw(BULLETS)
        depth = draw(st.integers(0, min(depth + 1, 2))) if number else 0
        box, emoji = draw(st.sampled_from(" x")), draw(st.sampled_from(["", "âœ… ", "✅ "]))
        lines.append(f"{'    ' * depth}{bullet} [{box}] {emoji}{draw(TEXTS)}")
    return lines


@st.composite
def trackers(draw: st.DrawFn) -> bytes:
    """A tracker with one to three tasks, in a random form."""
    lines = draw(st.sampled_from([[], ["# The title", ""]]))
    for number in range(draw(st.integers(1, 3))):
        lines = [*lines, f"## {draw(st.sampled_from(['TASK', 'ABC']))}-{number}: {draw(TEXTS)}", ""]
        lines += [
            f"**Status**: {draw(TEXTS)}",
            "",
            "**Acceptance Criteria**:",
            "",
            *draw(boxes()),
            "",
        ]
        for label in draw(
            st.sets(st.sampled_from(["Definition of Done (DoD)", "Technical Tasks"]))
        ):
            lines += [f"**{label}**:", "", *draw(boxes()), ""]
    if draw(st.booleans()):
        lines += ["# Definition of Ready", *draw(boxes())]
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines).encode()


def promises(tracker: Tracker) -> list[tuple[str, str, int]]:
    """What a tracker says without its ticks."""
    return [(item.id, item.sha256, item.line) for item in (*tracker.items, *tracker.ready)]


@QUICK
@given(trackers(), st.randoms(use_true_random=False))
def test_ticks_change_nothing_else_and_can_be_taken_back(source: bytes, chance: object) -> None:
    """parse, write, parse is the identity: any ticks, and then the first ones, give the bytes."""
    first = parse_bytes(source, PATH)
    assert tick(first, {item.id for item in first.items if item.ticked}) == source
    ids = [item.id for item in first.items]
    met = set(chance.sample(ids, len(ids) // 2))  # type: ignore[attr-defined]
    second = parse_bytes(tick(first, met), PATH)
    assert {item.id for item in second.items if item.ticked} == met
    assert promises(second) == promises(first)
    assert compare(first, second) == ()
    changed = sum(a != b for a, b in zip(first.source, second.source, strict=True))
    assert changed == sum((item.id in met) != item.ticked for item in first.items)
    assert tick(second, {item.id for item in first.items if item.ticked}) == source


@QUICK
@given(trackers())
def test_every_box_is_found(source: bytes) -> None:
    """Each box of the file is an item, a technical task or a line of readiness, once."""
    found = parse_bytes(source, PATH)
    technical = [box.line for task in found.tasks for box in task.technical]
    lines = [*technical, *(item.line for item in (*found.items, *found.ready))]
    written = [
        number
        for number, line in enumerate(source.decode().replace("\r\n", "\n").split("\n"))
        if "[ ] " in line or "[x] " in line
    ]
    assert sorted(lines) == written


# fmt: off
PIECES = st.sampled_from([
    "# ", "## A-1: B", "## A-2: B", "**Acceptance Criteria**:", "**DoD**", "# Definition of Ready",
    "- [ ] c", "- [x]", "[ ]", "* ", "1. ", "\n", "\r", "\n\n", "    ", "\t", "> ", "```", "---",
    "<!--", "-->", "<b>", "âœ…", "\0", "\ufeff", "[x]: y", "\u2028",
])
# fmt: on
SOUND = "## A-0: B\n\n**Acceptance Criteria**:\n- [ ] c\n"


@QUICK
@given(st.sampled_from(["", SOUND]), st.lists(PIECES, max_size=20), st.binary(max_size=20))
def test_no_input_crashes_it(begin: str, pieces: list[str], end: bytes) -> None:
    """Whatever a file holds, it is read, or refused with a sentence."""
    with suppress(BrokenInput):
        found = parse_bytes((begin + "".join(pieces)).encode() + end, PATH)
        everything = {item.id for item in found.items}
        assert promises(parse_bytes(tick(found, everything), PATH)) == promises(found)


@QUICK
@given(TEXTS)
def test_repairing_is_done_once(text: str) -> None:
    """An emoji that was damaged is repaired; what is sound stays word for word."""
    damaged = "🔥 ".encode().decode("sloppy-windows-1252")
    assert plain(repaired(damaged) + "It burns") == "It burns"
    assert text.isascii() is False or repaired(text) == text
    assert repaired(repaired(text)) == repaired(text)
