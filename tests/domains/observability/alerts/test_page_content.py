from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from acceptance.build.alert_rules import render_rules
from acceptance.domains.observability import AlertPageContentReader, AlertPages
from acceptance.domains.observability.alerts.page_content import misplaced
from acceptance.project import ROOT
from acceptance.runbooks.reader import load_runbook
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PAGE = "docs/operations/alerts/target-down.md"
FOUND = AlertPages((("TargetDown", PAGE),), (("TargetDown", "critical"),), (PAGE,))
BLOCKS = "```sh diagnose\nkubectl get pods\n```\n\n```sh cure\nkubectl delete pods --all\n```\n"
HEAD = ["alert", "followed", "not followed, because"]


def check(sources: Path, text: str, followed: str) -> None:
    """Judge the commands of a page of which some are followed."""
    path = sources / PAGE
    path.parent.mkdir(parents=True)
    path.write_text(text)
    actor = AlertPageContentReader(context_of(replace(SYSTEM, repository=str(sources))))
    actor.assert_harmless(FOUND, [HEAD, ["TargetDown", followed, ""]])


def test_commands_that_are_followed_may_change_things(tmp_path: Path) -> None:
    """Whoever follows them sees what becomes of it."""
    check(tmp_path, BLOCKS, "cure")


@pytest.mark.parametrize(
    ("text", "followed"),
    [
        (BLOCKS, ""),
        (BLOCKS, "undo"),
        (f"{BLOCKS}\nOr `scale deployment/backend --replicas=0`.\n", "cure"),
        (f"{BLOCKS}\n```sh again\nkubectl delete deployment backend\n```\n", "cure"),
        (BLOCKS.replace("get pods", "delete nodes --all"), ""),
    ],
)
def test_harm_that_nobody_follows_is_named(tmp_path: Path, text: str, followed: str) -> None:
    """In a block with another mark, in a sentence, or on a page that is not followed."""
    with pytest.raises(AssertionError, match=r"target-down\.md has commands that nobody follows"):
        check(tmp_path, text, followed)


def _own() -> tuple[dict[str, str], dict[str, str]]:
    """What the pages say their alerts mean, and what the rules say."""
    texts, said = {}, {}
    for name in ("alerts.yaml", "service-levels.yaml"):
        for group in yaml.safe_load(render_rules("production")[name])["groups"]:
            for rule in (each for each in group["rules"] if "alert" in each):
                told = rule["annotations"]
                page = load_runbook(ROOT, told["runbook_url"])
                texts[rule["alert"]] = page.section("Meaning")
                said[rule["alert"]] = f"{told['summary']} {told.get('description', '')}"
    return texts, said


def test_each_page_is_about_its_own_alert() -> None:
    """By the words of the rules of this repository."""
    assert list(misplaced(*_own())) == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("CrashLoop", "DatabaseAway"),
        ("SecretRead", "VolumeFilling"),
        ("BackupTooOld", "TargetDown"),
    ],
)
def test_a_meaning_that_was_copied_or_exchanged_is_named(one: str, two: str) -> None:
    """From one page to another, or both ways."""
    texts, said = _own()
    copied = {**texts, one: texts[two]}
    assert f"the pages of {one} and {two} say the same" in " ".join(misplaced(copied, said))
    exchanged = {**texts, one: texts[two], two: texts[one]}
    assert f"what the page of {one} means is about {two}" in " ".join(misplaced(exchanged, said))
