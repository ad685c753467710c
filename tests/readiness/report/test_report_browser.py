"""Opens the reports in the machine's Chromium and reads them as a release manager would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from acceptance.drivers.browser import launch
from acceptance.project import ROOT
from acceptance.readiness.report import write_allure_report, write_reports
from tests.support.report_sample import EVIL, SCREENSHOT, large_run, run_facts, write_sample

AXE = ROOT / "checkout" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_NOWHERE = "MAP * ~NOTFOUND"
_PATIENCE_MS = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's browser, which can reach nothing."""
    # What is expected has as long as what is pressed: a busy machine draws late.
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        started = launch(playwright, _NOWHERE)
        yield started
        started.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the made-up run."""
    folder = tmp_path_factory.mktemp("reports")
    write_sample(folder)
    return folder


@dataclass(frozen=True)
class Window:
    """A window with the report as it opens from a mail: alone in a folder."""

    page: Page
    address: str
    noticed: list[str]
    """What the page asked for, and what it said to the console."""


@pytest.fixture(scope="module")
def window(browser: Browser, reports: Path) -> Iterator[Window]:
    """A window for all tests: a new one for each would start most of a browser again."""
    attachment = reports.with_name("mail") / "readiness.html"
    attachment.parent.mkdir(exist_ok=True)
    attachment.write_bytes((reports / "readiness.html").read_bytes())
    with browser.new_context() as context:
        context.set_default_timeout(_PATIENCE_MS)
        opened = Window(context.new_page(), attachment.as_uri(), [])
        opened.page.on("request", lambda request: opened.noticed.append(request.url))
        opened.page.on("console", lambda message: opened.noticed.append(message.text))
        opened.page.on("pageerror", lambda error: opened.noticed.append(str(error)))
        yield opened


@pytest.fixture
def page(window: Window) -> Iterator[Page]:
    """The report, opened anew; it must ask for nothing else, and complain of nothing."""
    window.noticed.clear()
    window.page.set_viewport_size({"width": 1280, "height": 900})
    window.page.emulate_media(media="null", color_scheme="null")
    window.page.goto(window.address)
    yield window.page
    window.page.context.clear_permissions()
    mine = ("data:", window.address)
    assert [each for each in window.noticed if not each.startswith(mine)] == []


def shown_items(page: Page) -> list[str]:
    """The ids of the items that are to be seen."""
    found: list[str] = page.eval_on_selector_all(
        "details.i", "all => all.filter(each => each.checkVisibility()).map(each => each.id)"
    )
    return found


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is."""
    # Playwright's own way in, past the page's policy: the policy is not what is tested here.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
            .map(each => `${each.id}: ${each.nodes.map(node => node.html).slice(0, 3)}`)"""
    )
    return found


def test_the_first_thing_read_is_ready_or_not(page: Page) -> None:
    """One sentence: not ready, the three things in the way, and who owes each."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Not ready for the sprint")
    sentence = page.locator(".lead").inner_text()
    assert sentence.startswith("45 of 52 items stand in the way: Backend deployment is healthy")
    assert sentence.count("owed by") == 3
    assert sentence.endswith("and 42 more.")
    assert page.title() == "Not ready for the sprint – Checkout Management - Task Tracker"


def test_items_are_filtered_and_counted_aloud(page: Page) -> None:
    """By verdict, owner and waiver; the number is announced, and a reset shows all again."""
    status = page.get_by_role("search").get_by_role("status")
    expect(status).to_have_text("All 62 items are shown.")
    page.get_by_label("Verdict", exact=True).select_option("unmet")
    expect(status).to_have_text("1 of 62 items are shown.")
    assert shown_items(page) == ["TASK-001-AC-4"]
    page.get_by_role("button", name="Reset").click()
    expect(status).to_have_text("All 62 items are shown.")
    page.get_by_label("Owner", exact=True).select_option("Security Team")
    assert shown_items(page) == ["TASK-002-DOD-2", "TASK-002-DOD-5"]
    page.get_by_label("Waived", exact=True).select_option("waived")
    assert shown_items(page) == ["TASK-002-DOD-2"]
    page.get_by_label("Owner", exact=True).select_option("anybody")
    page.get_by_label("Waived", exact=True).select_option("either")
    page.get_by_label("Task", exact=True).select_option("TASK-006")
    assert len(shown_items(page)) == 5
    assert page.locator("section.task:visible").count() == 1


def test_items_are_searched_by_word(page: Page) -> None:
    """In their text, reason and scenarios, all words, in any case; nothing found is said too."""
    status = page.get_by_role("search").get_by_role("status")
    page.get_by_label("Search").fill("SEEN from outside  ingress")
    expect(status).to_have_text("1 of 62 items are shown.")
    assert shown_items(page) == ["TASK-001-AC-6"]
    page.get_by_label("Search").fill("no such word")
    expect(status).to_have_text("0 of 62 items are shown.")


def test_an_item_opens_by_keyboard(page: Page) -> None:
    """Tab and Enter reach its scenarios, each step with its time, and its folded log."""
    page.get_by_label("Verdict", exact=True).select_option("unmet")
    page.get_by_role("button", name="Close all").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.parentElement.id") == "TASK-001-AC-4"
    page.keyboard.press("Enter")
    item = page.locator("#TASK-001-AC-4")
    expect(item.get_by_text("at least two pods answered").last).to_contain_text("failed, 0.3 s")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    log = item.get_by_label("Logs of the backend").first
    expect(log).to_be_visible()
    assert EVIL in log.inner_text()
    item.get_by_text("Difference to the manifests").click()
    assert item.locator("span.removed").inner_text() == "-  replicas: 2"


def test_the_sentence_leads_to_its_items(page: Page) -> None:
    """A link opens its item, also when a filter had hidden it, and the same link works again."""
    page.get_by_label("Verdict", exact=True).select_option("met")
    for _ in range(2):
        page.locator(".lead a").first.click()
        expect(page.locator("#TASK-001-AC-4 ol").first).to_be_visible()
        page.locator("#TASK-001-AC-4").evaluate("each => { each.open = false; }")


def test_what_people_said_is_told_in_full(page: Page) -> None:
    """A waiver with its end and its issue; an attestation that does not count, and why."""
    page.locator("#TASK-002-DOD-2 summary").first.click()
    waived = page.locator("#TASK-002-DOD-2")
    expect(waived.locator(".b")).to_contain_text("unverified")
    expect(waived.locator(".b")).to_contain_text("waived")
    expect(waived).to_contain_text("Grace Example, Release Manager")
    expect(waived).to_contain_text("2026-12-25")
    expect(waived.get_by_role("link", name="https://issues.example.org/4711")).to_be_visible()
    page.locator("#TASK-001-DOD-1 summary").first.click()
    expect(page.locator("#TASK-001-DOD-1")).to_contain_text("It expired on 2026-11-01.")


def test_a_screenshot_is_inside_of_the_page(page: Page) -> None:
    """It is there in a mail, where there is no folder beside it; the trace says where it is."""
    page.locator("#TASK-001-AC-8 summary").first.click()
    picture = page.get_by_role("img", name=SCREENSHOT)
    expect(picture).to_be_visible()
    assert picture.evaluate("each => [each.complete, each.naturalWidth]") == [True, 640]
    expect(page.locator("#TASK-001-AC-8")).to_contain_text("in the folder of this report")


def test_the_rest_that_a_manager_asks_for_is_there(page: Page) -> None:
    """What changed, the trend in words, the sprint, what is blocked, ready lines, the run."""
    main = page.get_by_role("main")
    for words in (
        "blocked by TASK-001",
        "not in the sprint",
        "Need to update secrets before deployment",
        "Over 13 runs",
        "Both agree.",
        "Required resources are available DOR-5",
        "kubernetes v1.34.4 (embedded)",
        "localhost/checkout-backend@sha256:",
        "Slowest scenarios",
        "The waiver for TASK-003-AC-9",
    ):
        expect(main).to_contain_text(words)
    change = page.get_by_role("listitem").filter(has_text="TASK-001-AC-4: met")
    expect(change).to_contain_text("to unmet")
    assert page.get_by_role("table", name="What the tracker itself shows").count() == 1


def test_the_command_is_copied(page: Page) -> None:
    """And it is said that it was."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "pytest --cluster=embedded"


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_everybody_can_use_it(page: Page, scheme: str, width: int) -> None:
    """Nothing that axe-core finds, with everything open; at 320 px nothing scrolls sideways."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    # What is far below is not laid out until it is scrolled to, and would not be looked at.
    page.evaluate(
        """() => {
            for (const each of document.querySelectorAll("details")) each.open = true;
            const style = new CSSStyleSheet();
            style.replaceSync(".task { content-visibility: visible !important; }");
            document.adoptedStyleSheets = [style];
        }"""
    )
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_sees_what_is_wrong(page: Page) -> None:
    """Otherwise its silence above would prove nothing."""
    page.evaluate("document.querySelector('.q label').remove()")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input>')")
    assert any(each.startswith("label: ") for each in violations(page))


def test_paper_shows_what_matters(page: Page) -> None:
    """Printed in dark mode too: a white page, what is not met open, no form; closed again after."""
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.i[open]").count() == 56  # of 62, of which 6 are met
    colours = page.evaluate(
        "['body', 'h2'].map(each => getComputedStyle(document.querySelector(each)))"
        ".map((style, n) => n ? style.color : style.backgroundColor)"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(24, 32, 46)"]
    expect(page.locator("#TASK-001-AC-4 ol").first).to_be_visible()
    expect(page.locator("#TASK-002-DOD-2")).to_contain_text("2026-12-25")
    expect(page.locator("#TASK-001-AC-2 ol").first).not_to_be_visible()
    expect(page.get_by_role("search")).not_to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.i[open]").count() == 0
    assert len(page.pdf(format="A4")) > 10_000


def test_it_is_readable_without_scripts(browser: Browser, reports: Path) -> None:
    """Mail programs run none: every item is there, opens by itself, and no dead form shows."""
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    page.goto((reports / "readiness.html").as_uri())
    expect(page.locator("details.i")).to_have_count(62)
    expect(page.locator("#filter")).not_to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    page.locator("#TASK-001-AC-4 summary").first.click()
    expect(page.locator("#TASK-001-AC-4 ol").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#TASK-001-DOD-1 dl")).to_be_visible()
    context.close()


def test_a_run_that_did_not_see_everything_says_so(browser: Browser, tmp_path: Path) -> None:
    """On top, before any number could be taken for the release's; accessible as well."""
    failure = f"No space {EVIL}"
    write_sample(tmp_path, environment_failure=failure, interrupted=True, complete=False)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((tmp_path / "readiness.html").as_uri())
        headings = page.get_by_role("heading", level=2).all_inner_texts()
        assert headings[:3] == [
            "Nothing was proved",
            "The run was interrupted",
            "A partial run",
        ]
        expect(page.get_by_label("The environment's failure")).to_have_text(failure)
        expect(page.get_by_role("main")).to_contain_text("Not compared: this run was not complete")
        assert violations(page) == []


def test_ready_is_said_as_plainly(browser: Browser, tmp_path: Path) -> None:
    """A release that is ready says so, and that nothing stands in the way."""
    tracker, verdicts = large_run(50, 0, tmp_path)
    ready = tuple(each.__class__(each.item, "met", "r", each.scenarios) for each in verdicts)
    assert write_reports(run_facts(), tracker, ready, tmp_path)["ready"]
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((tmp_path / "readiness.html").as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text("Ready for the sprint")
        expect(page.locator(".lead")).to_have_text("All 50 items are met.")
        expect(page.get_by_role("main")).to_contain_text("Nothing stands in the way.")
        assert violations(page) == []


def test_allure_tells_the_same_verdicts(browser: Browser, tmp_path: Path) -> None:
    """All 62 items, each with its verdict's status and its reason; a link to it; no network."""
    document, target = write_sample(tmp_path), tmp_path / "allure-report"
    write_allure_report(document, tmp_path / "allure-results", target, timeout=60)
    asked: list[str] = []
    with browser.new_context() as context:
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((target / "index.html").as_uri())
        for words in ("Not ready for the sprint", "kubernetes v1.34.4 (embedded)"):
            expect(page.locator("body")).to_contain_text(words)
        expect(page.get_by_text("62", exact=True).first).to_be_visible()
        page.get_by_text("Categories").first.click()
        expect(page.get_by_text("Unverified: a scenario, its evidence").first).to_be_visible()
        page.get_by_text("Results").first.click()
        page.get_by_text("TASK-002 Production Security Hardening").click()
        page.get_by_text("TASK-002-DOD-5 Incident response procedures documented").click()
        page.get_by_text("The verdict of the item").last.click()
        expect(page.get_by_text("attestation is missing").first).to_be_visible()
        link = page.get_by_role("link", name="TASK-002-DOD-5 in the readiness report")
        with context.expect_page() as followed:
            link.click()
        expect(followed.value.locator("#TASK-002-DOD-5 ol").first).to_be_visible()
    assert not [each for each in asked if each.startswith("http")]
