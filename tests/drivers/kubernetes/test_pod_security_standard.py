from __future__ import annotations

import pytest

from acceptance.drivers.kubernetes import pod_admission
from acceptance.drivers.kubernetes.pod_security_standard import (
    CONTAINER,
    EPHEMERAL,
    FORBIDDEN_FIELDS,
    POD,
    RULES,
    ForbiddenField,
)

INCLUDED = {
    "host_process": {"host_network"},
    "host_path": {"volume_types"},
    "added_capabilities": {"capabilities"},
    "privileged": {"privilege_escalation"},
    "seccomp_unconfined": {"seccomp"},
}
"""The rules that are broken with another one."""


@pytest.mark.parametrize("name", RULES)
def test_each_forbidden_field_breaks_its_rule_and_no_other(name: str) -> None:
    """The check of a pod and the refusal by admission are about the same fields."""
    for field in RULES[name].forbidden:
        # The API server itself turns the old annotation into the field (Kubernetes 1.30).
        if field.where != EPHEMERAL and field.field != "metadata.annotations":
            pod = pod_admission.request_with(field, "1a2b").body
            broken = {each for each, rule in RULES.items() if rule.broken_by(pod)}
            assert name in broken, field
            assert broken - {name} <= INCLUDED.get(name, set()), field
            hardened = pod_admission.request_without(field, "1a2b").body
            assert not [each for each, rule in RULES.items() if rule.broken_by(hardened)], field


def test_every_rule_has_a_first_field_that_a_new_pod_can_have() -> None:
    """Compliance checks ask for a pod with it; a new pod cannot have ephemeral containers."""
    assert len(FORBIDDEN_FIELDS) > 100
    assert {rule.forbidden[0].where for rule in RULES.values()} == {POD, CONTAINER}


def test_a_forbidden_pod_differs_from_the_hardened_one_by_the_field_only() -> None:
    """A value of None takes the field away, and an ephemeral container is added by a patch."""
    field = "securityContext.allowPrivilegeEscalation"
    left_out = ForbiddenField(field, None, CONTAINER, "a")
    added = ForbiddenField(field, True, EPHEMERAL, "a")  # noqa: FBT003 (the value of a field)
    hardened = pod_admission.request_without(left_out, "1").body
    forbidden = pod_admission.request_with(left_out, "1").body
    context = hardened["spec"]["containers"][0]["securityContext"]
    assert context.pop("allowPrivilegeEscalation") is False
    assert hardened == forbidden
    request = pod_admission.request_with(added, "1")
    assert request.ephemeral
    (container,) = request.body["spec"]["ephemeralContainers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is True
