from __future__ import annotations

import copy
import hashlib
import json
import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from acceptance.cli.__main__ import main
from acceptance.errors import BrokenInput
from acceptance.readiness.outcome import ScenarioOutcome, Status
from acceptance.readiness.report import summary, write_reports
from acceptance.readiness.report.allure_verdicts import tell_verdicts
from acceptance.readiness.report.inline import inline
from acceptance.readiness.report.junit import junit
from acceptance.readiness.report.markdown import LIMIT_BYTES, markdown
from acceptance.readiness.report.page import page
from acceptance.readiness.report.schema import validate
from acceptance.readiness.tracker import Tracker
from acceptance.readiness.verdict import Verdict
from tests.support.report_sample import (
    EVIL,
    SCREENSHOT,
    large_run,
    run_facts,
    write_sample,
)

ITEM = "TASK-001-AC-3"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the made-up run."""
    folder = tmp_path_factory.mktemp("reports")
    write_sample(folder)
    return folder


@pytest.fixture
def document(reports: Path) -> dict[str, Any]:
    """Its document, which a test may spoil."""
    found: dict[str, Any] = json.loads((reports / "readiness.json").read_text(encoding="utf-8"))
    return found


def with_text(document: dict[str, Any], text: str) -> dict[str, Any]:
    """The document with a text in every place that people write or programs print into."""
    document["tasks"][0] |= {"title": text, "assignee": text, "description": text, "points": text}
    document["items"][0] |= {"text": text, "reason": text, "owner": text, "verdict": "unmet"}
    document["items"][0]["scenarios"][0] |= {"name": text, "reason": text}
    document["gate"]["standing_in_the_way"][0] |= {"reason": text, "owner": text}
    document["changes"]["items"][0]["reason"] = text
    document["notes"] = [text]
    document["environment_failure"] = text
    return document | {"reproduce": text, "commit": text, "images": [text]}


# --- Markdown ---------------------------------------------------------------------------------


def rows(text: str) -> list[list[str]]:
    """The cells of each row of each table, as GitHub would see them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found: list[list[str]] = []
    for token, content in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "tr_open":
            found.append([])
        elif token.type in {"th_open", "td_open"}:
            assert content is not None
            words = [each.content for each in content.children or [] if each.type != "html_inline"]
            found[-1].append("".join(words))
    return found


def test_markdown_tells_what_a_reviewer_asks(reports: Path) -> None:
    """Ready or not comes first, then tasks, what is in the way, what changed; items are folded."""
    text = (reports / "readiness.md").read_text(encoding="utf-8")
    assert text.startswith("## ❌ Not ready for the sprint\n\n45 of 52 items stand in the way: ")
    assert "62 items: **6** met, **1** unmet, **55** unverified, **1** waived" in text
    assert "not ready, blocked by TASK-001" in text
    places = [text.index(part) for part in ("| task |", "### What stands", "### What changed")]
    assert places == sorted(places)
    assert text.count("<details>") == text.count("</details>") == 7
    assert "| TASK-002-DOD-2 | 📝 waived |" in text


@pytest.mark.parametrize(
    "evil",
    [
        EVIL,
        "a | b\n| c |\n\n# d",
        "`code` **bold** [a](http://b) <b>x</b> \\| ~~y~~",
        "<!--",
        "```\n",
    ],
)
def test_no_text_breaks_a_table_of_the_markdown(document: dict[str, Any], evil: str) -> None:
    """Every row keeps its number of cells, and a cell shows the text as it is."""
    before = [len(row) for row in rows(markdown(copy.deepcopy(document)))]
    text = markdown(with_text(document, evil))
    after = rows(text)
    assert [len(row) for row in after][:7] == before[:7]
    assert {len(row) for row in after} == {4, 7}
    shown = " ".join(evil.split()).replace("@", "@\u200b").replace("#1", "#\u200b1")
    assert shown in [row[-1] for row in after]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    names = {each.tag for token in tokens for each in token.children or [] if each.tag}
    assert names <= {"strong", "br", ""}
    assert not any("<script" in token.content for token in tokens if token.type == "html_block")


def test_markdown_mentions_nobody(document: dict[str, Any]) -> None:
    """A comment that calls people or issues because a log names them would be a nuisance."""
    text = markdown(with_text(document, "@all see #1 and GH-2"))
    assert not re.search(r"@\w|#\d|GH-\d", text)


def test_markdown_always_fits_a_comment(document: dict[str, Any], tmp_path: Path) -> None:
    """However long the texts and however many the items; and it says what is missing."""
    for long in ("x" * 100_000, "|" * 100_000, "\N{PILE OF POO}" * 50_000):
        text = markdown(with_text(copy.deepcopy(document), long))
        assert len(text.encode()) <= LIMIT_BYTES
        assert text.count("<details>") == text.count("</details>")
    tracker, verdicts = large_run(1000, 2, tmp_path)
    write_reports(run_facts(), tracker, verdicts, tmp_path)
    text = (tmp_path / "readiness.md").read_text(encoding="utf-8")
    assert len(text.encode()) <= LIMIT_BYTES
    assert "only in readiness.html" in text


# --- JUnit and the terminal -------------------------------------------------------------------


def told(suite: ET.Element) -> list[str]:
    """What became of each case of a suite."""
    return [case[0].tag if len(case) else "passed" for case in suite.iter("testcase")]


def suites(content: bytes) -> dict[str, ET.Element]:
    """The suites of a JUnit file by the id of their item."""
    root = ET.fromstring(content)  # noqa: S314 (our own text)
    return {suite.attrib["name"].partition(" ")[0]: suite for suite in root}


def test_junit_tells_the_verdict_of_every_item(document: dict[str, Any]) -> None:
    """No item looks better than its verdict: not one without scenarios, not one unattested."""
    found = suites(junit(document))
    assert len(found) == 62
    for item in document["items"]:
        results = told(found[item["id"]])
        assert results, item["id"]
        worst = "failure" if "failure" in results else "skipped" if "skipped" in results else "met"
        expected = {"unmet": "failure", "unverified": "skipped", "met": "met"}[item["verdict"]]
        assert worst == expected, item["id"]
        properties = {each.attrib["name"] for each in found[item["id"]].iter("property")}
        assert ("waived until" in properties) == bool(item["waiver"])
    assert told(found["TASK-002-DOD-5"]) == ["passed", "skipped"]


def test_junit_never_passes_what_is_not_known(tmp_path: Path, tracker: Tracker) -> None:
    """A failure is a failure, a lost environment an error as the suite's, the rest is skipped."""
    statuses: list[Status] = ["failed", "environment", "error", "skipped", "missing", "passed"]
    outcomes = tuple(
        ScenarioOutcome((ITEM,), each, "f", each, f"it is {each}", (), (), 1.0, 0.0)
        for each in statuses
    )
    verdicts = [
        Verdict(item, "unmet", "r", outcomes)
        if item.id == ITEM
        else Verdict(item, "unverified", "r", ())
        for item in tracker.items
    ]
    write_reports(run_facts(), tracker, verdicts, tmp_path)
    suite = suites((tmp_path / "junit.xml").read_bytes())[ITEM]
    assert told(suite) == ["failure", "error", "error", "skipped", "skipped", "passed"]
    counted = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "6", "failures": "1", "errors": "2", "skipped": "2"}


@pytest.mark.parametrize(
    ("status", "found", "told"),
    [
        ("failed", "broken", "failed"),
        ("environment", "broken", "broken"),
        ("error", "broken", "broken"),
        ("environment", "passed", "passed"),
    ],
)
def test_allure_blames_as_the_report_does(
    document: dict[str, Any], tmp_path: Path, status: str, found: str, told: str
) -> None:
    """Its adapter calls broken whatever is no AssertionError, also what the system did."""
    (item,) = (each for each in document["items"] if each["id"] == ITEM)
    scenario = {**item["scenarios"][0], "name": "A scenario", "status": status}
    changed = {**document, "items": [{**item, "scenarios": [scenario]}]}
    result = {
        "uuid": "1",
        "name": "A scenario",
        "status": found,
        "labels": [{"name": "story", "value": f"{ITEM} It holds"}],
    }
    path = tmp_path / "1-result.json"
    path.write_text(json.dumps(result), encoding="utf-8")
    tell_verdicts(changed, tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == told


@pytest.mark.parametrize(
    ("status", "fits"),
    [
        ("error", nullcontext()),
        ("environment", nullcontext()),
        ("broken", pytest.raises(BrokenInput, match="'broken' is not one of")),
    ],
)
def test_an_error_of_the_suite_fits_the_schema(
    document: dict[str, Any], status: str, fits: AbstractContextManager[object]
) -> None:
    """Beside the statuses that older reports of the same version have."""
    changed = json.loads(json.dumps(document))
    item = next(each for each in changed["items"] if each["scenarios"])
    item["scenarios"][0]["status"] = status
    with fits:
        validate(changed)


def test_no_text_breaks_the_junit_file(document: dict[str, Any]) -> None:
    """Markup is escaped, and control characters, which XML does not have, are left out."""
    assert suites(junit(with_text(document, f"{EVIL}\x00\x1b\ud83d")))


def test_the_terminal_says_ready_or_not(document: dict[str, Any], tmp_path: Path) -> None:
    """The three things in the way, who owes them, and the counts with what is waived."""
    lines = summary(document, tmp_path).splitlines()
    place = lines.index("Not ready for the sprint: 45 of 52 items stand in the way:")
    assert lines[place + 1].endswith("2+ replicas (unmet, owed by Development Team)")
    assert lines[place + 4] == "  and 42 more"
    assert lines[place + 5].startswith("62 items: 6 met, 1 unmet, 55 unverified, 1 waived (kub")
    assert any(line.startswith("Note: The waiver for TASK-003-AC-9") for line in lines)


def test_the_summary_names_what_kept_the_environment_away(
    document: dict[str, Any], tmp_path: Path
) -> None:
    """Without an environment the summary says why, once, and lists no item."""
    text = summary(document | {"environment_failure": "No space. Try: more."}, tmp_path)
    assert text.count("No space. Try: more.") == 1
    assert "TASK-001-AC-1" not in text
    assert "nothing was proved" in text


# --- Evidence inside of the page --------------------------------------------------------------


def proved(folder: Path, content: bytes, kind: str, verdict: str = "met") -> dict[str, Any]:
    """The part of a document that has one item with one piece of evidence, named by its kind."""
    name = f"{verdict}.{kind}"
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    evidence = {"path": name, "sha256": digest, "kind": kind, "title": "A"}
    return {"items": [{"verdict": verdict, "evidence": [evidence]}]}


def test_a_long_text_keeps_its_head_and_its_tail(tmp_path: Path) -> None:
    """A log begins with what was started and ends with what went wrong."""
    document = proved(tmp_path, b"first" + b"x" * 100_000 + b"last", "text")
    text = inline(document, tmp_path)["met.text"].text
    assert text.startswith("first")
    assert text.endswith("last")
    assert "… 80009 characters left out …" in text
    assert len(text) < 21_000


@pytest.mark.parametrize(
    ("content", "kind", "absent"),
    [
        (b"PK", "zip", "in the folder of this report"),
        (bytes(2**20 + 1), "png", "1.0 MiB, in the folder"),
        (b"x" * 200, "text", "to keep this page small"),
    ],
)
def test_what_is_too_much_stays_outside(
    tmp_path: Path, content: bytes, kind: str, absent: str
) -> None:
    """The page names it, with its hash, and says where it is or why it is not there."""
    document = proved(tmp_path, content, kind)
    assert absent in inline(document, tmp_path, budget=100)[f"met.{kind}"].absent


def test_evidence_that_was_changed_or_lies_elsewhere_is_not_shown(tmp_path: Path) -> None:
    """A report that is rendered again shows what the verdict rested on, and no other file."""
    folder = tmp_path / "reports"
    folder.mkdir()
    document = proved(folder, b"fact", "text")
    (folder / "met.text").write_text("other")
    assert inline(document, folder)["met.text"].absent == "changed after the run"
    (folder / "met.text").unlink()
    assert inline(document, folder)["met.text"].absent == "missing"
    (tmp_path / "secret").write_text("secret")
    document["items"][0]["evidence"][0]["path"] = "../secret"
    shown = inline(document, folder)["../secret"]
    assert (shown.absent, shown.linked) == ("not in the folder of this report", False)


def test_what_is_wrong_is_shown_first(tmp_path: Path) -> None:
    """When there is no room for all, the evidence of an unmet item is what is there."""
    good = proved(tmp_path, b"g" * 80, "text")
    bad = proved(tmp_path, b"b" * 80, "text", "unmet")
    shown = inline({"items": good["items"] + bad["items"]}, tmp_path, budget=100)
    assert [name for name, each in shown.items() if each.text] == ["unmet.text"]


# --- The page, as text --------------------------------------------------------------------------


def test_the_page_is_one_file_that_asks_for_nothing(reports: Path) -> None:
    """No address to load from, one style and one script, both allowed by their hash alone."""
    text = (reports / "readiness.html").read_text(encoding="utf-8")
    loads = re.findall(r"""(?:src|srcset|poster|data|action|formaction)=["']?([^"'\s>]+)""", text)
    assert loads
    assert all(each.startswith("data:image/png;base64,") for each in loads)
    assert text.count("<script>") == text.count("</script>") == 1
    assert text.count("<style>") == 1
    assert "style=" not in text.partition("</style>")[2]
    assert not re.search(r"<[^>]+\son[a-z]+=", text)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert "unsafe" not in policy[1]
    assert policy[1].startswith("default-src 'none'; ")


def test_no_text_becomes_markup_of_the_page(document: dict[str, Any], reports: Path) -> None:
    """Whatever a person or a program wrote, the page has the same elements as without it."""
    spoilt = with_text(copy.deepcopy(document), EVIL)
    text = page(spoilt, reports)
    plain = page(with_text(document, "plain"), reports)
    assert re.findall(r"<[a-z0-9]+", text) == re.findall(r"<[a-z0-9]+", plain)


def test_a_link_of_a_waiver_is_a_link_of_the_web(document: dict[str, Any], reports: Path) -> None:
    """An address that would run something is shown as text."""
    item = next(each for each in document["items"] if each["waiver"])
    assert '<a href="https://issues.example.org/4711"' in page(document, reports)
    item["waiver"]["link"] = "javascript:alert(1)"
    assert 'href="javascript' not in page(document, reports)


def test_the_page_of_many_items_stays_small(tmp_path: Path) -> None:
    """An item costs less than 1 KB, so that 5,000 of them fit into 5 MB; see benchmarks."""
    tracker, verdicts = large_run(500, 50, tmp_path)
    document = write_reports(run_facts(), tracker, verdicts, tmp_path)
    size = len((tmp_path / "readiness.html").read_bytes())
    document["items"] = document["items"][:250]
    half = len(page(document, tmp_path).encode())
    assert (size - half) / 250 < 1000
    assert half - 250 * (size - half) / 250 < 100_000  # what the page costs without any item


# --- Allure -------------------------------------------------------------------------------------


def allure_result(name: str, item: str, status: str) -> dict[str, Any]:
    """What allure-pytest leaves of a scenario."""
    labels = {"story": f"{item} words", "epic": "e", "feature": "f", "suite": "s", "thread": "1"}
    return {
        "name": name,
        "status": status,
        "labels": [{"name": each, "value": value} for each, value in labels.items()],
    }


def allure_words(folder: Path) -> dict[str, set[str]]:
    """The statuses of the results by the item that they are about."""
    found: dict[str, set[str]] = {}
    for path in folder.glob("*-result.json"):
        result = json.loads(path.read_text())
        (story,) = (each["value"] for each in result["labels"] if each["name"] == "story")
        found.setdefault(story.partition(" ")[0], set()).add(result["status"])
    return found


def test_every_item_has_its_verdict_in_allure(document: dict[str, Any], tmp_path: Path) -> None:
    """Scenarios that tell the verdict stand alone; where they do not, a result says it."""
    told_alone = {"TASK-001-AC-1": "skipped", "TASK-001-AC-4": "failed", "TASK-001-AC-2": "passed"}
    for name, status in {**told_alone, "TASK-002-DOD-5": "passed"}.items():
        (tmp_path / f"{name}-result.json").write_text(json.dumps(allure_result("a", name, status)))
    for _ in range(2):  # told twice is told once
        tell_verdicts(document, tmp_path)
        words = allure_words(tmp_path)
        assert len(words) == 62
        assert {name: words[name] for name in told_alone} == {
            name: {status} for name, status in told_alone.items()
        }
        assert words["TASK-002-DOD-5"] == {"passed", "skipped"}
        assert words["TASK-001-AC-3"] == {"passed"}
        assert words["TASK-003-AC-1"] == {"skipped"}
        assert len(list(tmp_path.iterdir())) == 4 + 59


def test_results_of_allure_name_owner_verdict_and_place(
    document: dict[str, Any], tmp_path: Path
) -> None:
    """Each has the item's owner and verdict as labels, a link, and an identity that stays."""
    tell_verdicts(document, tmp_path)
    results = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert len({each["historyId"] for each in results}) == 62
    (waived,) = (each for each in results if each["links"][0]["name"] == "TASK-002-DOD-2")
    labels = [(each["name"], each["value"]) for each in waived["labels"]]
    assert ("owner", "Security Team") in labels
    assert ("tag", "verdict: unverified") in labels
    assert ("tag", "waived") in labels
    assert waived["links"][0]["url"] == "../readiness.html#TASK-002-DOD-2"
    assert waived["statusDetails"]["message"] == "unverified: no scenario"


def test_without_an_environment_allure_is_broken_not_red(
    document: dict[str, Any], tmp_path: Path
) -> None:
    """Nothing was proved, so nothing is unmet there either, and nothing is missing."""
    for item in document["items"]:
        item |= {"verdict": "unverified", "reason": "No space."}
    tell_verdicts(document | {"environment_failure": "No space."}, tmp_path / "new")
    assert set().union(*allure_words(tmp_path / "new").values()) == {"broken"}


# --- The command -------------------------------------------------------------------------------


def test_a_report_is_rendered_again(
    reports: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Each form is the one that the run wrote; the terminal's lists every item."""
    source = str(reports / "readiness.json")
    for suffix in ("html", "md", "json"):
        output = tmp_path / f"again.{suffix}"
        assert main(["report", source, "--output", str(output)]) == 0
        assert output.read_bytes() == (reports / f"readiness.{suffix}").read_bytes()
        assert main(["report", source, "--format", suffix]) == 0
        assert capfdbinary.readouterr().out == output.read_bytes()
    assert main(["report", source]) == 0
    text = capfdbinary.readouterr().out.decode()
    assert "Not ready for the sprint: 45 of 52" in text
    assert "TASK-006-AC-5" in text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["{folder}/none.json"], "none.json cannot be read: No such file"),
        (["{folder}/readiness.md"], "readiness.md is not JSON"),
        (["{folder}/readiness.json", "--output", "{folder}/no/a.html"], "cannot be written: No"),
    ],
)
def test_what_cannot_be_rendered_is_one_sentence(
    reports: Path, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command names the file and what to try, and exits with 65."""
    assert main(["report", *(each.format(folder=reports) for each in arguments)]) == 65
    said = capsys.readouterr().err
    assert complaint in said
    assert "Try: " in said
    assert said.count("\n") == 1


def test_the_help_has_examples_that_run(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line of the examples is a command that ends with 0."""
    with pytest.raises(SystemExit):
        main(["report", "--help"])
    examples = capsys.readouterr().out.partition("examples:\n")[2].strip().splitlines()
    assert len(examples) == 3
    monkeypatch.chdir(reports.parent)
    reports.with_name("reports").symlink_to(reports)
    for line in examples:
        program, *arguments = line.split()
        assert program == "acceptance"
        assert main(arguments) == 0


def test_the_sample_has_what_the_browser_looks_for(reports: Path) -> None:
    """A screenshot and an evil log, so that the tests of the page do not pass for want of them."""
    text = (reports / "readiness.html").read_text(encoding="utf-8")
    assert SCREENSHOT in text
    assert "&lt;/script&gt;&lt;script&gt;" in text
    assert replace(run_facts()).complete
