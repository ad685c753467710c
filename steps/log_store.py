"""Steps about the accounts of the log store and its authenticity, of the domain observability."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    DeceivedShipper,
    ImpostorTester,
    LogStoreAccountTester,
    TriedAction,
    UnknownCaller,
)


@given("the log store knows each of its accounts")
def _(log_store_account_tester: LogStoreAccountTester) -> None:
    log_store_account_tester.require_accounts()


@when("each account of the log store tries every action", target_fixture="tried_actions")
def _(log_store_account_tester: LogStoreAccountTester) -> Sequence[TriedAction]:
    return log_store_account_tester.try_every_action()


@then("the log store permits exactly these actions:")
def _(
    log_store_account_tester: LogStoreAccountTester,
    tried_actions: tuple[TriedAction, ...],
    datatable: Sequence[Sequence[str]],
) -> None:
    log_store_account_tester.assert_permitted(tried_actions, datatable)


@when(
    "strangers ask the log store without an account and with wrong passwords",
    target_fixture="unknown_callers",
)
def _(log_store_account_tester: LogStoreAccountTester) -> Sequence[UnknownCaller]:
    return log_store_account_tester.call_as_stranger()


@then("the log store says to each of them that it does not know them")
def _(
    log_store_account_tester: LogStoreAccountTester, unknown_callers: tuple[UnknownCaller, ...]
) -> None:
    log_store_account_tester.assert_unknown(unknown_callers)


@then("it has no answer to a request that is not encrypted")
def _(log_store_account_tester: LogStoreAccountTester) -> None:
    log_store_account_tester.assert_silent_in_clear_text()


@given("an impostor that serves everybody who does not verify its certificate")
def _(impostor_tester: ImpostorTester) -> None:
    impostor_tester.start_impostor()


@when(
    "a pod writes lines while the impostor is in the place of the log store",
    target_fixture="deceived_shipper",
)
def _(impostor_tester: ImpostorTester) -> DeceivedShipper:
    return impostor_tester.write_lines_to_impostor()


@then("the log shipper gives the impostor no password and no line")
def _(impostor_tester: ImpostorTester, deceived_shipper: DeceivedShipper) -> None:
    impostor_tester.assert_nothing_given(deceived_shipper)


@then("the log store has every line once when it is back in its place")
def _(impostor_tester: ImpostorTester, deceived_shipper: DeceivedShipper) -> None:
    impostor_tester.assert_lines_kept(deceived_shipper)
