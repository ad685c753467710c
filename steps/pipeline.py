"""Steps about the build server: which changes it lets pass."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.delivery.drivers.workflows import WorkflowFacts
from acceptance.domains.delivery.pipeline import Offer, PipelineEngineer


@given(parsers.parse("the security workflow passes before {change}"))
def _(pipeline_engineer: PipelineEngineer, change: str) -> None:
    pipeline_engineer.judge_passing(pipeline_engineer.try_without(change))


@when(parsers.parse("a developer offers {change}"), target_fixture="offer")
def _(pipeline_engineer: PipelineEngineer, change: str) -> Offer:
    return pipeline_engineer.offer(change)


@then("the security workflow blocks it")
def _(pipeline_engineer: PipelineEngineer, offer: Offer) -> None:
    pipeline_engineer.judge_blocked(offer)


@then("it names what was found and where")
def _(pipeline_engineer: PipelineEngineer, offer: Offer) -> None:
    pipeline_engineer.judge_named(offer)


@then("it hands the finding on to be shown beside the code")
def _(pipeline_engineer: PipelineEngineer, offer: Offer) -> None:
    pipeline_engineer.judge_shown(offer)


@when("the pipeline engineer looks for a way around the security workflow", target_fixture="gate")
def _(pipeline_engineer: PipelineEngineer) -> WorkflowFacts:
    return pipeline_engineer.read()


@then("it runs on every push and every pull request")
def _(pipeline_engineer: PipelineEngineer, gate: WorkflowFacts) -> None:
    pipeline_engineer.judge_always(gate)


@then("nothing in it may fail or be left out")
def _(pipeline_engineer: PipelineEngineer, gate: WorkflowFacts) -> None:
    pipeline_engineer.judge_strict(gate)
