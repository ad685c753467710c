"""Steps about images: what is signed of them, and which may be promoted."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.delivery import (
    ImagePromoter,
    ManualReleaser,
    PartPipelineTester,
    Promotion,
    PushedCommit,
    SignedImage,
    SignedImageReader,
)


@when(
    parsers.parse("a developer pushes a commit to the {part} that adds packages to its image"),
    target_fixture="pushed_commit",
)
def _(part_pipeline_tester: PartPipelineTester, part: str) -> PushedCommit:
    return part_pipeline_tester.push_planted(part)


@given(
    parsers.parse("an operator has made, pushed and signed an image of the {part} by hand"),
    target_fixture="pushed_commit",
)
def _(manual_releaser: ManualReleaser, part: str) -> PushedCommit:
    return manual_releaser.release(part)


@then("the image and what is said of it are signed", target_fixture="signed_image")
def _(signed_image_reader: SignedImageReader, pushed_commit: PushedCommit) -> SignedImage:
    image = signed_image_reader.read(pushed_commit)
    signed_image_reader.assert_signed(image)
    return image


@then("its list of contents has each package that is in it, and no other")
def _(signed_image_reader: SignedImageReader, signed_image: SignedImage) -> None:
    signed_image_reader.assert_contents(signed_image)


@then("the scan has seen all packages, and found nothing critical")
def _(signed_image_reader: SignedImageReader, signed_image: SignedImage) -> None:
    signed_image_reader.assert_scanned(signed_image)


@then("its provenance names the workflow and the commit")
def _(signed_image_reader: SignedImageReader, signed_image: SignedImage) -> None:
    signed_image_reader.assert_origin(signed_image)


@then("an image that is built of the same commit elsewhere has the same digest")
def _(image_promoter: ImagePromoter, pushed_commit: PushedCommit) -> None:
    image_promoter.assert_same(pushed_commit, image_promoter.rebuild(pushed_commit))


@then("the image can be promoted, with its digest")
def _(image_promoter: ImagePromoter, pushed_commit: PushedCommit) -> None:
    image_promoter.assert_promoted(pushed_commit, image_promoter.promote(pushed_commit))


@when("somebody tampers with the image and with what is signed of it", target_fixture="promotions")
def _(image_promoter: ImagePromoter, pushed_commit: PushedCommit) -> tuple[Promotion, ...]:
    return image_promoter.promote_tampered(pushed_commit)


@then("a registry that does not answer is told from an image that is at fault")
def _(image_promoter: ImagePromoter, pushed_commit: PushedCommit) -> None:
    image_promoter.assert_told_unreachable(image_promoter.promote_unreachable(pushed_commit))


@then("each of them is refused for its own reason")
def _(image_promoter: ImagePromoter, promotions: tuple[Promotion, ...]) -> None:
    image_promoter.assert_refused(promotions)
