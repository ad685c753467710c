"""Reads what is signed about an image of the pipeline, and compares it with the image itself."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from acceptance.actor import Actor
from acceptance.build.debian import packages_of_image
from acceptance.build.oci import read_files
from acceptance.domains.delivery.drivers.attachments import (
    SIGNATURE,
    SIGNATURES,
    STATEMENTS,
    read_attached,
)
from acceptance.domains.delivery.drivers.proposals import REPOSITORY
from acceptance.domains.delivery.part_commits import PLANTED_VERSION, planted_packages
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.statements import Statement
    from acceptance.domains.delivery.team_repository import PushedCommit

PROVENANCE = "https://slsa.dev/provenance/v1"
CONTENTS = "https://spdx.dev/Document"
SCAN = "https://cosign.sigstore.dev/attestation/vuln/v1"
"""The types of predicates that an image has to have."""
_WORKFLOW = {
    "repository": f"https://github.com/{REPOSITORY}",
    "ref": "refs/heads/main",
    "path": ".github/workflows/image.yml",
}
BUILDER = "{repository}/{path}@{ref}".format(**_WORKFLOW)
"""The workflow that builds images, in the repository that a run pretends to be in."""
_SHOWN = 5
_PURL = re.compile(r"pkg:(deb|pypi)/(?:[^/@]+/)?([^@/]+)@([^?#]+)(?:\?([^#]*))?")
_METADATA = re.compile(r".*\.(?:dist|egg)-info/(?:METADATA|PKG-INFO)")

Package = tuple[str, str, str]
"""The kind (deb or pypi), the name, and the version with the architecture of one of Debian."""


@dataclass(frozen=True)
class SignedImage:
    """An image with all that the key of the repository has signed of it."""

    pushed: PushedCommit
    signed: tuple[str, ...]
    """The digests of which there is a valid signature."""
    statements: tuple[Statement, ...]
    """Those with a valid signature."""
    invalid: int
    """How many signatures and statements are not valid."""
    installed: frozenset[Package]
    """The packages that its files show."""

    def predicates(self, kind: str) -> list[dict[str, Any]]:
        """Return what is said of the image, and of it alone."""
        digest = (self.pushed.image.digest,)
        return [
            each.predicate
            for each in self.statements
            if each.kind == kind and each.subjects == digest
        ]


class SignedImageReader(Actor):
    """Reads signatures and statements, and the packages that an image really has."""

    def read(self, pushed: PushedCommit) -> SignedImage:
        """Read all that is attached to the image of a commit."""
        registry, image, key = pushed.registry, pushed.image, pushed.key
        signatures = read_attached(registry, image, SIGNATURES)
        valid = [
            each.content
            for each in signatures
            if key.has_signed(each.content, each.annotations.get(SIGNATURE, ""))
        ]
        envelopes = read_attached(registry, image, STATEMENTS)
        opened = [key.open(each.content) for each in envelopes]
        statements = tuple(each for each in opened if each is not None)
        found = SignedImage(
            pushed,
            tuple(_digest_in(each) for each in valid),
            statements,
            len(signatures) + len(envelopes) - len(valid) - len(statements),
            _read_packages(pushed),
        )
        facts = {
            "image": image.digest,
            "signed": found.signed,
            "statements": [f"{each.kind} of {', '.join(each.subjects)}" for each in statements],
            "not valid": found.invalid,
            "provenance": found.predicates(PROVENANCE),
            "scan": found.predicates(SCAN),
        }
        self._keep(f"What is signed about the image of the {pushed.part}", pretty(facts))
        return found

    def assert_signed(self, image: SignedImage) -> None:
        """The image and each of its statements are signed by the key of the repository."""
        digest = image.pushed.image.digest
        require(
            digest in image.signed and not image.invalid,
            f"The image {digest} of the {image.pushed.part} has no valid signature of the "
            f"repository's key, or more: signed is {listed(image.signed) or 'nothing'}, "
            f"{image.invalid} signatures are not valid.",
        )
        for kind in (PROVENANCE, CONTENTS, SCAN):
            require(
                len(image.predicates(kind)) == 1,
                f"The image of the {image.pushed.part} has {len(image.predicates(kind))} "
                f"statements of type {kind}, and has to have one; all of its statements: "
                f"{listed([each.kind for each in image.statements]) or 'none'}.",
            )

    def assert_origin(self, image: SignedImage) -> None:
        """The provenance names the workflow and the commit that the image was built of."""
        predicate = image.predicates(PROVENANCE)[0]
        builder = predicate["runDetails"]["builder"]["id"]
        require(
            builder == BUILDER,
            f"The image of the {image.pushed.part} is said to be built by {builder}, and was by "
            f"{BUILDER}.",
        )
        workflow = predicate["buildDefinition"]["externalParameters"]["workflow"]
        require(
            workflow == _WORKFLOW,
            f"The image of the {image.pushed.part} is said to come from {workflow}, and does from "
            f"{_WORKFLOW}.",
        )
        commits = [
            each.get("digest", {}).get("gitCommit")
            for each in predicate["buildDefinition"]["resolvedDependencies"]
        ]
        require(
            commits == [image.pushed.commit],
            f"The image of the {image.pushed.part} is said to be built of {commits}, and was of "
            f"{image.pushed.commit}.",
        )

    def assert_contents(self, image: SignedImage) -> None:
        """The list has each package that is in the image, and no other."""
        told = _told(image.predicates(CONTENTS)[0])
        found = image.installed
        part = image.pushed.part
        of_debian, of_python = planted_packages(image.pushed.made.mark)
        planted = {
            ("deb", of_debian, f"{PLANTED_VERSION} all"),
            ("pypi", _canonical(of_python), PLANTED_VERSION),
        }
        facts = {"packages": len(found), "not listed": sorted(found - told)}
        self._keep(
            f"The contents of the image of the {part}",
            pretty({**facts, "not in the image": sorted(told - found)}),
        )
        require(planted <= found, f"The image of the {part} lacks {sorted(planted - found)}.")
        require(
            found <= told,
            f"The list of the contents of the {part} lacks {_some(found - told)}, which the image "
            "has.",
        )
        require(
            told <= found,
            f"The list of the contents of the {part} has {_some(told - found)}, which the image "
            "lacks.",
        )

    def assert_scanned(self, image: SignedImage) -> None:
        """The scan has seen each package of Debian, and found nothing critical."""
        result = image.predicates(SCAN)[0]["scanner"]["result"]
        number = sum(each[0] == "deb" for each in image.installed)
        require(
            result.get("packages") == number and result.get("critical") == [],
            f"The scan of the {image.pushed.part} has seen {result.get('packages')} of {number} "
            f"packages, and found {result.get('critical')}.",
        )


def _read_packages(pushed: PushedCommit) -> frozenset[Package]:
    """Return the packages that the files of an image show."""
    with tempfile.TemporaryDirectory(prefix="acceptance-contents-") as temporary:
        archive = pushed.registry.save_archive(pushed.image, Path(temporary))
        of_debian = packages_of_image(archive).packages
        read = read_files(archive, lambda name: _METADATA.fullmatch(name) is not None)
    metadata = [HeaderParser().parsestr(each.decode("utf-8", "replace")) for each in read.values()]
    return frozenset(
        [("deb", each.name, f"{each.version} {each.architecture}") for each in of_debian]
        + [("pypi", _canonical(each["Name"]), each["Version"]) for each in metadata]
    )


def _told(document: dict[str, Any]) -> frozenset[Package]:
    """Return the packages of Debian and Python in an SPDX document."""
    places = [
        str(reference["referenceLocator"])
        for package in document.get("packages", ())
        for reference in package.get("externalRefs", ())
        if reference["referenceType"] == "purl"
    ]
    return frozenset(_of_purl(match) for match in map(_PURL.fullmatch, places) if match)


def _of_purl(match: re.Match[str]) -> Package:
    kind, name, version, query = match.groups()
    name, version = unquote(name), unquote(version)
    if kind == "deb":
        return kind, name, f"{version} {parse_qs(query or '').get('arch', [''])[0]}"
    return kind, _canonical(name), version


def _canonical(name: str) -> str:
    """Return a name of Python's packages as all tools write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest_in(payload: bytes) -> str:
    """Return the digest of the image in a signed text."""
    found = re.search(rb'"docker-manifest-digest"\s*:\s*"([^"]+)"', payload)
    return found[1].decode() if found else ""


def _some(packages: frozenset[Package]) -> str:
    shown = [" ".join(each[1:]) for each in sorted(packages)]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return listed(shown[:_SHOWN]) + more
