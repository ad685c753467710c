from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.rbac.drivers.access_reviews import Permission
from acceptance.domains.rbac.permission_samples import contradictions, questions
from acceptance.domains.rbac.permissions import PermissionInspector
from tests.domains.rbac.test_comparison import BINDINGS, ROLES, facts_of
from tests.fakes.rbac_cluster import BOB, KNOWN, PATHS, binding, cluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of


def test_everybody_is_asked_about() -> None:
    """Everything about those with a row; of others a sample, and each right to more."""
    objects = cluster(ROLES, *BINDINGS, binding("reader", "reader", BOB, namespace="default"))
    facts = facts_of(objects)
    asked = questions(objects, facts.subjects, KNOWN, PATHS, "shop")
    assert len(set(asked)) == len(asked)
    about_bob = [each for subject, each in asked if subject.user == BOB.name]
    assert Permission("get", "", "pods", "default") in about_bob
    assert Permission("impersonate", "", "users", "") in about_bob
    assert Permission("create", "", "pods/exec", "shop") in about_bob
    backend = [each for subject, each in asked if subject.who == "service account backend"]
    assert Permission("get", "", "secrets", "shop", "key") in backend
    assert Permission("create", "", "pods", "default") in backend
    assert len(backend) > len(about_bob)


def test_an_answer_that_does_not_follow_from_the_roles_is_named() -> None:
    """Another authorizer that permits more, and one that denies; administrators are left out."""
    objects = cluster(ROLES, *BINDINGS)
    facts = facts_of(objects)
    exec_here = Permission("create", "", "pods/exec", "shop")
    version = Permission("get", "", "/version", "")
    answers = {
        ("service account backend", exec_here): True,
        ("service account backend", version): False,
        ("role operator", version): True,
        ("role operator", Permission("get", "", "secrets", "shop", "key")): True,
        ("group system:masters", exec_here): True,
    }
    inspector = PermissionInspector(context_of(SYSTEM))
    with pytest.raises(AssertionError) as found:
        inspector.assert_answers_follow_from_roles(replace(facts, answers=answers))
    assert str(found.value).startswith(
        "the API server permits service account backend to create pods/exec in shop, though no "
        "role does; the API server refuses service account backend to get /version of the API "
        "server, though a role permits it. Try"
    )
    right = {key: value for key, value in answers.items() if key[0] != "service account backend"}
    inspector.assert_answers_follow_from_roles(replace(facts, answers=right))
    assert not list(contradictions(objects, facts.subjects, KNOWN, PATHS, right))


def test_no_answer_at_all_proves_nothing() -> None:
    """An API server that permits nothing was not asked."""
    inspector = PermissionInspector(context_of(SYSTEM))
    with pytest.raises(AssertionError, match="permits nothing to anybody"):
        inspector.assert_answers_follow_from_roles(facts_of(cluster(ROLES, *BINDINGS)))
