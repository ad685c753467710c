"""Steps about the delivery pipeline: commits to a part of the system, and the images of them."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from acceptance.domains.delivery import (
    BuiltImageOperator,
    Decision,
    PartFileTester,
    PartPipelineTester,
    PushedCommit,
)


@when(
    parsers.parse("a developer pushes a sound commit to the {part}"),
    target_fixture="pushed_commit",
)
def _(part_pipeline_tester: PartPipelineTester, part: str) -> PushedCommit:
    return part_pipeline_tester.push_release(part)


@when(
    parsers.re("a developer pushes (?P<commit>(?!a sound commit|a commit to).*)"),
    target_fixture="pushed_commit",
)
def _(part_pipeline_tester: PartPipelineTester, commit: str) -> PushedCommit:
    return part_pipeline_tester.push_broken(commit)


@then(parsers.parse("the workflow of the {part} passes, and pushes one image of that commit"))
def _(part_pipeline_tester: PartPipelineTester, pushed_commit: PushedCommit, part: str) -> None:
    part_pipeline_tester.assert_built(pushed_commit, part)


@then("a picture that is changed alone is served by the image of its commit")
def _(part_pipeline_tester: PartPipelineTester, built_image_operator: BuiltImageOperator) -> None:
    pushed = part_pipeline_tester.push_picture()
    part_pipeline_tester.assert_built(pushed, pushed.part)
    built_image_operator.assert_answers_as_commit(built_image_operator.run_image(pushed))


@then("the workflows of other parts build nothing")
def _(part_pipeline_tester: PartPipelineTester, pushed_commit: PushedCommit) -> None:
    part_pipeline_tester.assert_others_untouched(pushed_commit)


@then("a pod that runs the image answers as that commit")
def _(built_image_operator: BuiltImageOperator, pushed_commit: PushedCommit) -> None:
    built_image_operator.assert_answers_as_commit(built_image_operator.run_image(pushed_commit))


@then("a second run builds nothing anew")
def _(part_pipeline_tester: PartPipelineTester, pushed_commit: PushedCommit) -> None:
    again = part_pipeline_tester.push_again(pushed_commit)
    part_pipeline_tester.assert_nothing_built_anew(pushed_commit, again)


@then("the workflow fails, says what is wrong, and pushes nothing")
def _(part_pipeline_tester: PartPipelineTester, pushed_commit: PushedCommit) -> None:
    part_pipeline_tester.assert_stopped(pushed_commit)


@when(
    parsers.parse("the pipeline of the {part} is asked about a change of each file"),
    target_fixture="decisions",
)
def _(part_file_tester: PartFileTester, part: str) -> tuple[Decision, ...]:
    return part_file_tester.change_each_file(part)


@then(parsers.parse("each file of the {part} starts its build, however it comes"))
def _(part_file_tester: PartFileTester, decisions: tuple[Decision, ...], part: str) -> None:
    part_file_tester.assert_none_overlooked(part, decisions)
    part_file_tester.assert_none_overlooked(part, part_file_tester.change_each_way(part))


@then(parsers.parse("the workflow of the {part} starts for each push and pull request"))
def _(part_file_tester: PartFileTester, part: str) -> None:
    part_file_tester.assert_always_started(part_file_tester.read_triggers(part))


@then(parsers.parse("no other file starts the build of the {part}"))
def _(part_file_tester: PartFileTester, decisions: tuple[Decision, ...], part: str) -> None:
    part_file_tester.assert_no_other_counts(part, decisions)
