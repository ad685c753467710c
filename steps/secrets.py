"""Steps about secrets: their configuration, where they may be found, and their rotation."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.secrets import (
    ConfigurationReviewer,
    DatabaseLogins,
    DatabaseLoginTester,
    OldSecrets,
    RotationOperator,
    RotationRun,
    SecretKeys,
    SecretSearch,
    SecretSearcher,
)


@when(
    "the configuration reviewer compares the keys in use with the configured keys",
    target_fixture="keys",
)
def _(configuration_reviewer: ConfigurationReviewer) -> SecretKeys:
    return configuration_reviewer.compare_keys()


@then("every key in use is named in the configuration")
def _(configuration_reviewer: ConfigurationReviewer, keys: SecretKeys) -> None:
    configuration_reviewer.assert_keys_named(keys)


@then("every configured key has a value that is no placeholder")
def _(configuration_reviewer: ConfigurationReviewer, keys: SecretKeys) -> None:
    configuration_reviewer.assert_keys_have_values(keys)


@when(
    "the configuration reviewer searches the system and the repository for secret values",
    target_fixture="search",
)
def _(secret_searcher: SecretSearcher) -> SecretSearch:
    return secret_searcher.search()


@then("no configuration, pod, log line or repository file holds a secret value")
def _(secret_searcher: SecretSearcher, search: SecretSearch) -> None:
    secret_searcher.assert_no_secret_found(search)


@when(
    "the configuration reviewer logs in to the database with several credentials",
    target_fixture="logins",
)
def _(database_login_tester: DatabaseLoginTester) -> DatabaseLogins:
    return database_login_tester.try_credentials()


@then("the configured credentials are accepted")
def _(database_login_tester: DatabaseLoginTester, logins: DatabaseLogins) -> None:
    database_login_tester.assert_configured_accepted(logins)


@then("wrong, empty and missing credentials are refused")
def _(database_login_tester: DatabaseLoginTester, logins: DatabaseLogins) -> None:
    database_login_tester.assert_others_refused(logins)


@given("the current secrets are accepted", target_fixture="old_secrets")
def _(rotation_operator: RotationOperator) -> OldSecrets:
    return rotation_operator.try_old_secrets()


@when("the operator follows the runbook to rotate the secrets", target_fixture="rotation")
def _(rotation_operator: RotationOperator) -> RotationRun:
    return rotation_operator.rotate()


@when(
    "the operator rotates the secrets and the rotation is killed in every phase",
    target_fixture="rotation",
)
def _(rotation_operator: RotationOperator) -> RotationRun:
    return rotation_operator.rotate_interrupted()


@then("the rotation resumed each time, until it was finished")
def _(rotation_operator: RotationOperator, rotation: RotationRun) -> None:
    rotation_operator.assert_resumed(rotation)


@then("a second rotation at the same time was refused")
def _(rotation_operator: RotationOperator, rotation: RotationRun) -> None:
    rotation_operator.assert_second_refused(rotation)


@then("every backend pod uses the new secrets")
def _(rotation_operator: RotationOperator, old_secrets: OldSecrets) -> None:
    rotation_operator.assert_new_role_in_use(old_secrets)


@then("the old secrets are no longer accepted")
def _(rotation_operator: RotationOperator, old_secrets: OldSecrets) -> None:
    rotation_operator.assert_old_secrets_refused(old_secrets)


@then("the audit trail says who did what and when, and holds no secret")
def _(rotation_operator: RotationOperator, old_secrets: OldSecrets, rotation: RotationRun) -> None:
    rotation_operator.assert_audited(old_secrets, rotation)
