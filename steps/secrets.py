"""Steps about secrets: configured, hidden, and asked for."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.secrets.configuration import ConfigurationReviewer, Keys, Logins, Search


@when(
    "the reviewer compares the keys in use with the keys that are configured", target_fixture="keys"
)
def _(configuration_reviewer: ConfigurationReviewer) -> Keys:
    return configuration_reviewer.compare_keys()


@then("every key in use is named in the configuration")
def _(configuration_reviewer: ConfigurationReviewer, keys: Keys) -> None:
    configuration_reviewer.judge_named(keys)


@then("every configured key has a value that is no placeholder")
def _(configuration_reviewer: ConfigurationReviewer, keys: Keys) -> None:
    configuration_reviewer.judge_values(keys)


@when(
    "the reviewer searches the system and the repository for secret values", target_fixture="search"
)
def _(configuration_reviewer: ConfigurationReviewer) -> Search:
    return configuration_reviewer.search_secrets()


@then("no configuration, pod, log line or repository file holds a secret value")
def _(configuration_reviewer: ConfigurationReviewer, search: Search) -> None:
    configuration_reviewer.judge_hidden(search)


@when("the reviewer tries several credentials on the database", target_fixture="logins")
def _(configuration_reviewer: ConfigurationReviewer) -> Logins:
    return configuration_reviewer.try_credentials()


@then("the configured credentials are accepted")
def _(configuration_reviewer: ConfigurationReviewer, logins: Logins) -> None:
    configuration_reviewer.judge_accepted(logins)


@then("wrong, empty and missing credentials are refused")
def _(configuration_reviewer: ConfigurationReviewer, logins: Logins) -> None:
    configuration_reviewer.judge_others_refused(logins)
