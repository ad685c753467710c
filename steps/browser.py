"""Steps of a visitor who uses the application on a screen."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from acceptance.domains.traffic.browser_visitor import BrowserVisitor, Journey


@when(
    parsers.parse("a visitor completes a checkout in the browser on {device}"),
    target_fixture="journey",
)
def _(browser_visitor: BrowserVisitor, device: str) -> Journey:
    return browser_visitor.complete_checkout(device)


@then("the visitor finds the paid checkout again after a reload")
def _(browser_visitor: BrowserVisitor, journey: Journey) -> None:
    browser_visitor.judge_found_again(journey)


@then("the browser saw no error")
def _(browser_visitor: BrowserVisitor, journey: Journey) -> None:
    browser_visitor.judge_no_error(journey)
