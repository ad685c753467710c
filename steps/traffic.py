"""Steps about visitors over HTTP and in a browser, and about the ingress that they use."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, parsers, then, when

from acceptance.domains.traffic import (
    BrowserVisitor,
    Cancellation,
    HostAnswers,
    IngressFacts,
    IngressInspector,
    Journey,
    PodCoverage,
    Purchase,
    RefusedPayment,
    SeenView,
    Shopping,
    SiteAnswers,
    SteadyShoppers,
    SteadyTraffic,
    SteadyVisitors,
    ViewVisitor,
    Visitor,
)


@given("a visitor has a checkout with items", target_fixture="purchase")
def _(visitor: Visitor) -> Purchase:
    return visitor.create_checkout()


@then("the visitor finds the checkout with its items again")
def _(visitor: Visitor, purchase: Purchase) -> None:
    visitor.assert_checkout_kept(purchase)


@when(
    parsers.re(
        r"visitors send requests to the (?P<role>backend|frontend) until each pod has answered"
    ),
    target_fixture="coverage",
)
def _(visitor: Visitor, role: str) -> PodCoverage:
    return visitor.reach_every_pod(role)


@then("every ready pod has served visitors")
def _(visitor: Visitor, coverage: PodCoverage) -> None:
    visitor.assert_every_pod_served(coverage)


@given(
    parsers.re(r"visitors are sending requests to the (?P<role>backend|frontend) steadily"),
    target_fixture="traffic",
)
def _(steady_visitors: SteadyVisitors, role: str) -> SteadyTraffic:
    return steady_visitors.send_requests(role)


@then("every visitor request was answered")
def _(steady_visitors: SteadyVisitors, traffic: SteadyTraffic) -> None:
    steady_visitors.assert_served_until_now(traffic)


@then(parsers.parse("at most {most:d} visitor requests failed"))
def _(steady_visitors: SteadyVisitors, traffic: SteadyTraffic, most: int) -> None:
    steady_visitors.assert_few_failed(traffic, most)


@given("visitors are paying checkouts steadily", target_fixture="shopping")
def _(steady_shoppers: SteadyShoppers) -> Shopping:
    return steady_shoppers.start_shopping()


@then("every request of the paying visitors was answered")
def _(steady_shoppers: SteadyShoppers, shopping: Shopping) -> None:
    steady_shoppers.assert_all_answered(shopping)


@then(parsers.parse("at most {most:d} requests of the paying visitors failed"))
def _(steady_shoppers: SteadyShoppers, shopping: Shopping, most: int) -> None:
    steady_shoppers.assert_few_failed(shopping.traffic, most)


@then("each acknowledged write was done once, and no other twice")
def _(steady_shoppers: SteadyShoppers, shopping: Shopping) -> None:
    steady_shoppers.assert_writes_done_once(shopping)


@when("a visitor opens the page and the service by name", target_fixture="site")
def _(visitor: Visitor) -> SiteAnswers:
    return visitor.open_by_name()


@then("the page comes from the frontend")
def _(visitor: Visitor, site: SiteAnswers) -> None:
    visitor.assert_page_from_frontend(site.page)


@then("the service answers from the backend")
def _(visitor: Visitor, site: SiteAnswers) -> None:
    visitor.assert_service_from_backend(site.service)


@when("a visitor asks the ingress for an unknown host", target_fixture="hosts")
def _(visitor: Visitor) -> HostAnswers:
    return visitor.ask_unknown_host()


@then("the known host is served and the unknown one is refused")
def _(visitor: Visitor, hosts: HostAnswers) -> None:
    visitor.assert_unknown_host_refused(hosts)


@when("the operator looks at the ingress", target_fixture="ingresses")
def _(ingress_inspector: IngressInspector) -> tuple[IngressFacts, ...]:
    return ingress_inspector.read_ingresses()


@then("its class is nginx")
def _(ingress_inspector: IngressInspector, ingresses: tuple[IngressFacts, ...]) -> None:
    ingress_inspector.assert_class(ingresses)


@then("it publishes the address that visitors use")
def _(ingress_inspector: IngressInspector, ingresses: tuple[IngressFacts, ...]) -> None:
    ingress_inspector.assert_address(ingresses)


@when(
    parsers.parse("a visitor completes a checkout in the browser on {device}"),
    target_fixture="journey",
)
def _(browser_visitor: BrowserVisitor, device: str) -> Journey:
    return browser_visitor.complete_checkout(device)


@given("a visitor has completed a checkout in the browser", target_fixture="journey")
def _(browser_visitor: BrowserVisitor) -> Journey:
    return browser_visitor.complete_checkout("a desktop")


@given("another visitor has cancelled a checkout in the browser", target_fixture="cancellation")
def _(browser_visitor: BrowserVisitor) -> Cancellation:
    return browser_visitor.cancel_checkout()


@given("a visitor has tried to pay it in vain", target_fixture="refused_payment")
@when("the visitor tries to pay the checkout", target_fixture="refused_payment")
def _(visitor: Visitor, purchase: Purchase) -> RefusedPayment:
    return visitor.pay_in_vain(purchase)


@then("the visitor finds the paid checkout again after a reload")
def _(browser_visitor: BrowserVisitor, journey: Journey) -> None:
    browser_visitor.assert_checkout_shown(journey)


@then("the browser saw no error")
def _(browser_visitor: BrowserVisitor, journey: Journey) -> None:
    browser_visitor.assert_no_browser_error(journey)


@when(
    "a visitor opens each of these views, and leaves it open for an hour",
    target_fixture="seen_views",
)
def _(view_visitor: ViewVisitor, datatable: Sequence[Sequence[str]]) -> tuple[SeenView, ...]:
    return view_visitor.open_views(datatable)


@then("the browser complained about none of them")
def _(view_visitor: ViewVisitor, seen_views: tuple[SeenView, ...]) -> None:
    view_visitor.assert_no_view_failed(seen_views)


@given("visitors are paging through the list steadily", target_fixture="traffic")
def _(steady_visitors: SteadyVisitors) -> SteadyTraffic:
    return steady_visitors.turn_pages()


@then("a visitor can pay another checkout")
def _(visitor: Visitor) -> None:
    visitor.pay_checkout(visitor.create_checkout())


@given("a visitor has paid a checkout", target_fixture="purchase")
def _(visitor: Visitor) -> Purchase:
    return visitor.pay_checkout(visitor.create_checkout())


@given("a visitor was served by the backend", target_fixture="visit_id")
def _(visitor: Visitor) -> str:
    return visitor.visit_with_request_id()
