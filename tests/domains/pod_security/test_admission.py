from __future__ import annotations

import json
from typing import Any

import pytest

from acceptance.domains.pod_security import AdmissionTester
from acceptance.domains.pod_security.admission import AdmissionAttempt
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Inaccessible
from acceptance.drivers.kubernetes.connection import object_of
from acceptance.drivers.kubernetes.pod_security_standard import ForbiddenField
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

FIELD = ForbiddenField("spec.hostNetwork", value=True, where="pod", message="host namespaces")
PREFIX = 'pods "p" is forbidden: '


def reply(status: int, message: str = "") -> Reply:
    """Return an answer of the API server."""
    return Reply(status, (), json.dumps({"message": message}), 0.0, request="POST pods")


def standard(version: str, said: str = "host namespaces (hostNetwork=true)") -> Reply:
    """Return a refusal by Pod Security Admission."""
    return reply(403, f'{PREFIX}violates PodSecurity "restricted:{version}": {said}')


def webhook(name: str, said: str = "no label") -> Reply:
    """Return a refusal by a webhook, with the status that it likes."""
    return reply(400, f'admission webhook "{name}" denied the request: {said}')


ACCEPTED = reply(201)
POLICY = reply(422, "ValidatingAdmissionPolicy 'labels' with binding 'all' denied request: no")


class Webhooks:
    """A cluster with a webhook that validates, and one that changes objects; or none may know."""

    def __init__(self, *, readable: bool = True) -> None:
        """Have them."""
        self._readable = readable

    def items(self, path: str) -> list[Any]:
        """Return the configurations."""
        if not self._readable:
            raise Inaccessible("cannot list validatingwebhookconfigurations")
        kind = "mutating" if "mutating" in path else "validating"
        return [{"webhooks": [{"name": f"{kind}.example"}]}]


def attempt(**replies: Reply) -> tuple[AdmissionAttempt]:
    """Return the answers of a sound cluster, but for these."""
    sound = {"without": ACCEPTED, "unrestricted": ACCEPTED, "restricted": standard("v1.34")}
    return (AdmissionAttempt(FIELD, **{**sound, **replies}),)


def actor_on(*, readable: bool = True) -> AdmissionTester:
    """Return an actor on the cluster with webhooks."""
    return AdmissionTester(context_of(SYSTEM, Webhooks(readable=readable)))


@pytest.mark.parametrize(
    "replies",
    [
        {},
        {"restricted": standard("latest")},
        {"unrestricted": webhook("validating.example")},
        {"without": webhook("validating.example")},
        {"without": POLICY, "unrestricted": POLICY},
    ],
)
def test_a_sound_namespace_passes(replies: dict[str, Reply]) -> None:
    """With any version of the standard, and beside an engine of policies that is asked last."""
    actor, attempts = actor_on(), attempt(**replies)
    actor.assert_accepted_where_unrestricted(attempts)
    actor.assert_refused_by_standard(attempts)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (ACCEPTED, "the system accepts a pod with"),
        (webhook("validating.example"), "was not refused by the standard"),
        (
            webhook("validating.example", 'violates PodSecurity "restricted:v1": host namespaces'),
            "was not refused by the standard",
        ),
        (reply(403, f"{PREFIX}User may not create pods"), "was not refused by the standard"),
        (reply(403, f'{PREFIX}violates PodSecurity "baseline:latest": host namespaces'), "was not"),
        (standard("latest", "seccompProfile"), "was refused for another reason"),
    ],
)
def test_only_the_standard_restricted_protects_the_system(refusal: Reply, said: str) -> None:
    """An engine of policies does not stand for it, whatever it says."""
    attempts = attempt(restricted=refusal)
    with pytest.raises(AssertionError, match=said):
        actor_on().assert_refused_by_standard(attempts)


def test_a_namespace_that_refuses_every_pod_proves_nothing() -> None:
    """It does so by itself, not by an engine of the cluster."""
    refused = attempt(without=standard("v1.34"))
    with pytest.raises(AssertionError, match="the system refuses even a hardened pod"):
        actor_on().assert_accepted_where_unrestricted(refused)


@pytest.mark.parametrize(
    ("name", "readable", "said"),
    [
        ("mutating.example", True, "before the standard is asked"),
        ("unknown.example", True, "before the standard is asked"),
        ("validating.example", False, "cannot list validatingwebhookconfigurations"),
    ],
)
@pytest.mark.parametrize("where", ["without", "unrestricted"])
def test_an_engine_that_may_be_asked_first_leaves_it_unverified(
    where: str, name: str, readable: bool, said: str
) -> None:
    """Such a refusal says nothing about the pod; the missing right is named."""
    attempts = attempt(**{where: webhook(name)})
    with pytest.raises(Unverifiable, match=said):
        actor_on(readable=readable).assert_accepted_where_unrestricted(attempts)


@pytest.mark.parametrize("refused", [webhook("validating.example"), POLICY])
def test_what_an_engine_refuses_the_suite_is_not_the_systems_failure(refused: Reply) -> None:
    """It keeps the suite from looking, as a missing right does."""
    with pytest.raises(Inaccessible):
        object_of(refused)
