from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.domains.delivery.drivers.attachments import (
    SIGNATURE,
    SIGNATURES,
    STATEMENTS,
    Attachment,
)
from acceptance.domains.delivery.drivers.image_registry import ImageRegistry, PushedImage
from acceptance.domains.delivery.drivers.statements import SigningKey, Statement
from acceptance.domains.delivery.part_commits import PartCommit
from acceptance.domains.delivery.promotion import ImagePromoter, Promotion
from acceptance.domains.delivery.signed_images import (
    BUILDER,
    CONTENTS,
    PROVENANCE,
    SCAN,
    SignedImage,
    SignedImageReader,
)
from acceptance.domains.delivery.tampering import TAMPERINGS
from acceptance.domains.delivery.team_repository import PushedCommit
from acceptance.project import ROOT
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.image_archive import write_image
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

COMMIT, DIGEST = "c" * 40, f"sha256:{'d' * 64}"
KEY, OTHER_KEY = SigningKey(), SigningKey()
MARK = "0123456789ab"
MADE = PartCommit("backend", lambda _: None, mark=MARK)
IMAGE = PushedImage("checkout/backend", DIGEST, (COMMIT,))
FILES = {
    "var/lib/dpkg/status": (
        "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2:1+b\n\n"
        f"Package: planted-{MARK}\nStatus: install ok installed\nArchitecture: all\n"
        "Version: 1.2.3\n\n"
    ).encode(),
    f"usr/lib/planted_{MARK}-1.2.3.dist-info/METADATA": (
        f"Metadata-Version: 2.1\nName: planted_{MARK}\nVersion: 1.2.3\n".encode()
    ),
}
LISTED = (
    "pkg:deb/debian/libc6@2%3A1%2Bb?arch=amd64&distro=debian-12",
    f"pkg:deb/debian/planted-{MARK}@1.2.3?arch=all&distro=debian-12",
    f"pkg:pypi/planted-{MARK}@1.2.3",
    "pkg:npm/left-pad@1.0.0",
)


@dataclass
class Registry(ImageRegistry):
    """Has one image, with what a test attaches to it."""

    attached: dict[str, tuple[Attachment, ...]]

    def tags(self, name: str) -> tuple[str, ...]:
        """Return the tags of what is attached."""
        assert name == IMAGE.name
        return tuple(f"{DIGEST.replace(':', '-')}.{kind}" for kind in self.attached)

    def manifest(self, name: str, reference: str) -> dict[str, Any]:
        """Return one whose layers are called by their place."""
        assert name == IMAGE.name
        kind = reference.rpartition(".")[2]
        return {
            "layers": [
                {
                    "digest": f"{kind} {number}",
                    "mediaType": each.media_type,
                    "annotations": each.annotations,
                }
                for number, each in enumerate(self.attached[kind])
            ]
        }

    def blob(self, name: str, digest: str) -> bytes:
        """Return what is attached at this place."""
        assert name == IMAGE.name
        kind, _, number = digest.partition(" ")
        return self.attached[kind][int(number)].content

    def save(self, image: PushedImage, folder: Path) -> Path:
        """Write the only image."""
        assert image == IMAGE
        archive = folder.parent / "written.tar"
        write_image(archive, FILES)
        with tarfile.open(archive) as written:
            written.extractall(folder, filter="data")
        return folder


def document(*places: str) -> dict[str, Any]:
    """Return a list of contents."""
    return {
        "packages": [
            {"externalRefs": [{"referenceType": "purl", "referenceLocator": each}]}
            for each in places
        ]
    }


WORKFLOW = {
    "repository": "https://github.com/team/checkout",
    "ref": "refs/heads/main",
    "path": ".github/workflows/image.yml",
}
PREDICATES: dict[str, dict[str, Any]] = {
    PROVENANCE: {
        "runDetails": {"builder": {"id": BUILDER}},
        "buildDefinition": {
            "externalParameters": {"workflow": WORKFLOW},
            "resolvedDependencies": [{"digest": {"gitCommit": COMMIT}}],
        },
    },
    CONTENTS: document(*LISTED),
    SCAN: {"scanner": {"result": {"packages": 2, "critical": []}}},
}


def statement(kind: str, **fields: Any) -> Attachment:  # noqa: ANN401 (as a test needs them)
    """Return a signed statement, with other fields than those of a sound one."""
    key = fields.pop("key", KEY)
    sound = Statement(kind, (DIGEST,), PREDICATES.get(kind, {}))
    return Attachment(key.seal(replace(sound, **fields)), "dsse", {})


def signature(digest: str = DIGEST, key: SigningKey = KEY) -> Attachment:
    """Return the signature of an image."""
    payload = {"critical": {"image": {"docker-manifest-digest": digest}}}
    content = json.dumps(payload).encode()
    return Attachment(content, "simple", {SIGNATURE: key.sign(content)})


@pytest.fixture
def registry() -> Registry:
    """A registry with a sound image."""
    statements = tuple(statement(kind) for kind in PREDICATES)
    return Registry({SIGNATURES: (signature(),), STATEMENTS: statements})


@pytest.fixture
def pushed(registry: Registry) -> PushedCommit:
    """The commit of the image."""
    return PushedCommit(MADE, COMMIT, (), (IMAGE,), registry, ROOT, KEY)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignedImageReader]:
    """Who reads it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with SignedImageReader(context_of(SYSTEM, keep=RecordedEvidence())) as actor:
        yield actor


def check(reader: SignedImageReader, image: SignedImage) -> None:
    """Check all that a scenario checks."""
    reader.assert_signed(image)
    reader.assert_contents(image)
    reader.assert_scanned(image)
    reader.assert_origin(image)


def test_a_sound_image_passes(reader: SignedImageReader, pushed: PushedCommit) -> None:
    """Packages of other kinds than Debian's and Python's are not compared."""
    check(reader, reader.read(pushed))


@pytest.mark.parametrize(
    ("attached", "said"),
    [
        ({SIGNATURES: ()}, "has no valid signature"),
        ({SIGNATURES: (signature(key=OTHER_KEY),)}, "1 signatures are not valid"),
        ({SIGNATURES: (signature("sha256:other"),)}, "signed is sha256:other"),
        ({STATEMENTS: (statement("another"),)}, f"0 statements of type {PROVENANCE}"),
    ],
)
def test_what_is_not_signed_is_seen(
    reader: SignedImageReader,
    pushed: PushedCommit,
    registry: Registry,
    attached: dict[str, tuple[Attachment, ...]],
    said: str,
) -> None:
    """No signature, one of somebody else, of another image, and no statement."""
    registry.attached |= attached
    with pytest.raises(AssertionError, match=said):
        check(reader, reader.read(pushed))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((PROVENANCE, {"key": OTHER_KEY}), "1 signatures are not valid"),
        ((CONTENTS, {"subjects": ("sha256:other",)}), f"0 statements of type {CONTENTS}"),
        ((CONTENTS, {"subjects": (DIGEST, "sha256:other")}), f"0 statements of type {CONTENTS}"),
        ((CONTENTS, {"predicate": document(*LISTED[1:])}), r"lacks libc6 2:1\+b amd64, which"),
        ((CONTENTS, {"predicate": document(*LISTED[:2])}), f"lacks planted-{MARK} 1.2.3, which"),
        (
            (CONTENTS, {"predicate": document(*LISTED, "pkg:deb/debian/curl@1?arch=amd64")}),
            "has curl 1 amd64, which the image lacks",
        ),
        (
            (CONTENTS, {"predicate": document(LISTED[0].replace("amd64", "arm64"), *LISTED[1:])}),
            "lacks libc6",
        ),
        ((SCAN, {"predicate": {"scanner": {"result": {}}}}), "has seen None of 2"),
        (
            (SCAN, {"predicate": {"scanner": {"result": {"packages": 1, "critical": []}}}}),
            "has seen 1 of 2",
        ),
        (
            (SCAN, {"predicate": {"scanner": {"result": {"packages": 2, "critical": ["x"]}}}}),
            r"found \['x'\]",
        ),
        (
            (
                PROVENANCE,
                {"predicate": {**PREDICATES[PROVENANCE], "runDetails": {"builder": {"id": "me"}}}},
            ),
            "said to be built by me",
        ),
        (
            (
                PROVENANCE,
                {
                    "predicate": {
                        **PREDICATES[PROVENANCE],
                        "buildDefinition": {
                            "externalParameters": {"workflow": WORKFLOW},
                            "resolvedDependencies": [{"digest": {"gitCommit": "1" * 40}}],
                        },
                    }
                },
            ),
            "said to be built of",
        ),
        (
            (
                PROVENANCE,
                {
                    "predicate": {
                        **PREDICATES[PROVENANCE],
                        "buildDefinition": {
                            **PREDICATES[PROVENANCE]["buildDefinition"],
                            "externalParameters": {"workflow": {**WORKFLOW, "path": "backend"}},
                        },
                    }
                },
            ),
            "said to come from .*'path': 'backend'",
        ),
    ],
)
def test_what_is_said_wrongly_is_seen(
    reader: SignedImageReader,
    pushed: PushedCommit,
    wrong: tuple[str, dict[str, Any]],
    said: str,
) -> None:
    """One statement differs from the truth, and the message says in what."""
    kind, fields = wrong
    others = tuple(statement(each) for each in PREDICATES if each != kind)
    registry = Registry(
        {SIGNATURES: (signature(),), STATEMENTS: (*others, statement(kind, **fields))}
    )
    pushed = replace(pushed, registry=registry)
    with pytest.raises(AssertionError, match=said):
        check(reader, reader.read(pushed))


def test_two_statements_of_one_type_leave_it_open(
    reader: SignedImageReader, pushed: PushedCommit, registry: Registry
) -> None:
    """Nobody knows which one counts."""
    registry.attached[STATEMENTS] += (statement(SCAN),)
    with pytest.raises(AssertionError, match=f"has 2 statements of type {SCAN}"):
        check(reader, reader.read(pushed))


REFUSED = Promotion("no scan", 1, "not promoted: x: its vuln: none", "", "its vuln: ")


@pytest.mark.parametrize(
    "promotion",
    [
        replace(REFUSED, promoted=DIGEST),
        replace(REFUSED, code=0),
        replace(REFUSED, code=69, output="The registry cannot be reached: its vuln: none"),
        replace(REFUSED, output="not promoted: x: its signature: none"),
    ],
    ids=["promoted", "passed", "an error", "another reason"],
)
def test_only_a_refusal_for_the_reason_is_one(promotion: Promotion) -> None:
    """An error is none, and a refusal for another reason proves nothing of this one."""
    with ImagePromoter(context_of(SYSTEM)) as promoter:
        promoter.assert_refused((REFUSED,))
        with pytest.raises(AssertionError, match="not refused for its reason: no scan: "):
            promoter.assert_refused((REFUSED, promotion))
        with pytest.raises(AssertionError, match="Nothing was tampered with"):
            promoter.assert_refused(())


AWAY = Promotion("no registry", 69, "The registry 127.0.0.1:1 cannot be reached: refused.", "")


@pytest.mark.parametrize(
    "promotion",
    [
        replace(AWAY, code=1),
        replace(AWAY, output="not promoted: x: its signature: cannot be reached"),
        replace(AWAY, output="exit status 69"),
    ],
    ids=["refused", "the image's fault", "no reason"],
)
def test_a_registry_that_is_away_is_told_from_an_image_at_fault(promotion: Promotion) -> None:
    """By its exit code and by what is said."""
    with ImagePromoter(context_of(SYSTEM)) as promoter:
        promoter.assert_told_unreachable(AWAY)
        with pytest.raises(AssertionError, match="is not told from an image at fault"):
            promoter.assert_told_unreachable(promotion)


def test_a_promoted_image_keeps_its_digest(pushed: PushedCommit) -> None:
    """Another digest under the name, or none, is no promotion."""
    with ImagePromoter(context_of(SYSTEM)) as promoter:
        promoter.assert_promoted(pushed, Promotion("", 0, "", DIGEST))
        for found in (Promotion("", 0, "", "sha256:other"), Promotion("", 0, "", "")):
            with pytest.raises(AssertionError, match="is not promoted"):
                promoter.assert_promoted(pushed, found)
        promoter.assert_same(pushed, DIGEST)
        with pytest.raises(AssertionError, match="built of the same commit again is other"):
            promoter.assert_same(pushed, "other")


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.what)
def test_each_way_to_tamper_changes_its_statement(tampering: Any) -> None:  # noqa: ANN401
    """Or the attempt would promote what is sound."""
    predicates = {
        PROVENANCE: PREDICATES[PROVENANCE],
        CONTENTS: PREDICATES[CONTENTS],
        SCAN: {**PREDICATES[SCAN], "metadata": {"scanFinishedOn": "now"}},
    }
    sound = Statement(tampering.kind, (DIGEST,), predicates[tampering.kind])
    assert (tampering.change(sound) != sound) != tampering.by_another
