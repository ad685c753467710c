"""Steps of penetration tests, which try each attack on a vulnerable server first."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.penetration import (
    AttackTrials,
    ExposedFiles,
    ExposedFilesTester,
    FuzzResult,
    GuessedIds,
    IdEnumerationTester,
    InjectionResult,
    InjectionStrings,
    PenetrationTester,
    ServiceRouteInspector,
    ServiceRoutes,
    SlowConnections,
    SlowConnectionTester,
    StoredInjectionTester,
)


@given(
    parsers.parse("the penetration tester has seen {attacks} succeed on a vulnerable server"),
    target_fixture="known_attacks",
)
def _(penetration_tester: PenetrationTester, attacks: str) -> AttackTrials:
    return penetration_tester.try_on_vulnerable_server(attacks)


@when(
    parsers.parse("the penetration tester attacks the system with {attacks}"),
    target_fixture="tried_attacks",
)
def _(
    penetration_tester: PenetrationTester,
    known_attacks: AttackTrials,
    attacks: str,  # noqa: ARG001 (for the reader)
) -> AttackTrials:
    return penetration_tester.attack(known_attacks)


@then("no attack succeeds")
def _(penetration_tester: PenetrationTester, tried_attacks: AttackTrials) -> None:
    penetration_tester.assert_no_attack_succeeded(tried_attacks)


@then("every later visitor gets the response to their own request")
def _(penetration_tester: PenetrationTester, tried_attacks: AttackTrials) -> None:
    penetration_tester.assert_no_visitor_disturbed(tried_attacks)


@given("the penetration tester has seen what lies around be found on a vulnerable server")
def _(exposed_files_tester: ExposedFilesTester) -> None:
    exposed_files_tester.try_on_vulnerable_server()


@when(
    "the penetration tester asks the system for what is often left lying around",
    target_fixture="exposed_files",
)
def _(exposed_files_tester: ExposedFilesTester) -> ExposedFiles:
    return exposed_files_tester.look_for_leftovers()


@then("the system shows none of it")
def _(exposed_files_tester: ExposedFilesTester, exposed_files: ExposedFiles) -> None:
    exposed_files_tester.assert_nothing_exposed(exposed_files)


@when(
    "the penetration tester asks every pod of the service for its routes",
    target_fixture="service_routes",
)
def _(service_route_inspector: ServiceRouteInspector) -> ServiceRoutes:
    return service_route_inspector.collect_routes()


@then("each has exactly the routes that the service documents")
def _(service_route_inspector: ServiceRouteInspector, service_routes: ServiceRoutes) -> None:
    service_route_inspector.assert_all_documented(service_routes)


@when("the penetration tester fuzzes the service", target_fixture="fuzz_result")
def _(penetration_tester: PenetrationTester) -> FuzzResult:
    return penetration_tester.fuzz()


@then("the service rejects invalid requests and never fails")
def _(penetration_tester: PenetrationTester, fuzz_result: FuzzResult) -> None:
    penetration_tester.assert_no_weakness(fuzz_result)


@then("no response leaks internals")
def _(penetration_tester: PenetrationTester, fuzz_result: FuzzResult) -> None:
    penetration_tester.assert_no_internals_leaked(fuzz_result)


@when(
    "the penetration tester holds many slow connections open",
    target_fixture="slow_connections",
)
def _(slow_connection_tester: SlowConnectionTester) -> tuple[SlowConnections, ...]:
    return slow_connection_tester.hold_connections()


@then("the system closes all of them")
def _(
    slow_connection_tester: SlowConnectionTester, slow_connections: tuple[SlowConnections, ...]
) -> None:
    slow_connection_tester.assert_all_closed(slow_connections)


@given(
    "the penetration tester has seen injection strings do harm to a vulnerable server",
    target_fixture="injection_strings",
)
def _(stored_injection_tester: StoredInjectionTester) -> InjectionStrings:
    return stored_injection_tester.try_on_vulnerable_server()


@when("the penetration tester types them into every field", target_fixture="injection_result")
def _(
    stored_injection_tester: StoredInjectionTester, injection_strings: InjectionStrings
) -> InjectionResult:
    return stored_injection_tester.type_all(injection_strings)


@then("the service stores them unchanged and changes nothing else")
def _(stored_injection_tester: StoredInjectionTester, injection_result: InjectionResult) -> None:
    stored_injection_tester.assert_stored_unchanged(injection_result)


@then("they find nothing in place of an id or a page")
def _(stored_injection_tester: StoredInjectionTester, injection_result: InjectionResult) -> None:
    stored_injection_tester.assert_nothing_found(injection_result)


@then("the pages show them and execute none")
def _(stored_injection_tester: StoredInjectionTester, injection_result: InjectionResult) -> None:
    stored_injection_tester.assert_nothing_executed(injection_result)


@given("the penetration tester has seen guessing find sequential ids")
def _(id_enumeration_tester: IdEnumerationTester) -> None:
    id_enumeration_tester.try_on_sequential_ids()


@when("the penetration tester guesses ids of checkouts", target_fixture="guessed_ids")
def _(id_enumeration_tester: IdEnumerationTester) -> GuessedIds:
    return id_enumeration_tester.guess()


@then("no guess finds a checkout, to read it or to change it")
def _(id_enumeration_tester: IdEnumerationTester, guessed_ids: GuessedIds) -> None:
    id_enumeration_tester.assert_no_guess_found(guessed_ids)


@then("every id is random")
def _(id_enumeration_tester: IdEnumerationTester, guessed_ids: GuessedIds) -> None:
    id_enumeration_tester.assert_ids_random(guessed_ids)
