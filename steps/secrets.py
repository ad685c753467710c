"""Steps about secrets: configured, hidden, and asked for."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.secrets.configuration import Keys, Logins, Reviewer, Search


@when(
    "the reviewer compares the keys in use with the keys that are configured", target_fixture="keys"
)
def _(reviewer: Reviewer) -> Keys:
    return reviewer.compare_keys()


@then("every key in use is named in the configuration")
def _(reviewer: Reviewer, keys: Keys) -> None:
    reviewer.judge_named(keys)


@then("every configured key has a value that is no placeholder")
def _(reviewer: Reviewer, keys: Keys) -> None:
    reviewer.judge_values(keys)


@when(
    "the reviewer searches the system and the repository for secret values", target_fixture="search"
)
def _(reviewer: Reviewer) -> Search:
    return reviewer.search_secrets()


@then("no configuration, pod, log line or repository file holds a secret value")
def _(reviewer: Reviewer, search: Search) -> None:
    reviewer.judge_hidden(search)


@when("the reviewer tries several credentials on the database", target_fixture="logins")
def _(reviewer: Reviewer) -> Logins:
    return reviewer.try_credentials()


@then("the configured credentials are accepted")
def _(reviewer: Reviewer, logins: Logins) -> None:
    reviewer.judge_accepted(logins)


@then("wrong, empty and missing credentials are refused")
def _(reviewer: Reviewer, logins: Logins) -> None:
    reviewer.judge_others_refused(logins)
