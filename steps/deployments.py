"""Steps about commits that the pipeline deploys."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from acceptance.domains.delivery import CommitDeployer, Deployment


@when(
    parsers.parse("the pipeline deploys a sound commit that a developer pushes to the {part}"),
    target_fixture="deployment",
)
def _(commit_deployer: CommitDeployer, part: str) -> Deployment:
    return commit_deployer.push_and_deploy(part)


@then("every pod of the part runs the image of the commit, and the ingress answers as that commit")
def _(commit_deployer: CommitDeployer, deployment: Deployment) -> None:
    commit_deployer.assert_deployed(deployment)


@then("no visitor noticed: no request failed, and after the new version nobody met the old one")
def _(commit_deployer: CommitDeployer, deployment: Deployment) -> None:
    commit_deployer.assert_unnoticed(deployment)


@then("whoever deploys may do nothing else")
def _(commit_deployer: CommitDeployer) -> None:
    commit_deployer.assert_may_nothing_else()


@then("a person can deploy what the pipeline has signed by hand, and nothing else")
def _(commit_deployer: CommitDeployer, deployment: Deployment) -> None:
    commit_deployer.assert_deploys_by_hand(deployment)
