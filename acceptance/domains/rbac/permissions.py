"""Compares what RBAC permits to everybody in the cluster with the permission table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.rbac.comparison import PermissionComparison, PermissionFacts
from acceptance.domains.rbac.default_policy import load_default_policy
from acceptance.domains.rbac.drivers import access_reviews, roles
from acceptance.domains.rbac.effective_permissions import permissions
from acceptance.domains.rbac.judged_subjects import judged_subjects, without_other_tenants
from acceptance.domains.rbac.permission_samples import contradictions, questions
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.rbac.drivers.roles import RbacObjects
    from acceptance.domains.rbac.permission_table import PermissionGrant

_SHARED = "existing"
"""The cluster driver of a cluster that others use as well."""


class PermissionInspector(Actor):
    """Computes every permission from all roles and bindings, and asks the API server for many."""

    def inspect_permissions(self) -> PermissionFacts:
        """Read all roles and bindings, and ask the API server what they amount to."""
        started = time.monotonic()
        own = self.system.namespace
        try:
            objects = self._objects()
            known = access_reviews.resources(self._cluster)
            paths = access_reviews.non_resource_paths(self._cluster)
            subjects = judged_subjects(objects, own, self._accounts())
            asked = questions(objects, subjects, known, paths, own)
            answers = access_reviews.ask(self._cluster, asked)
            version = self._cluster.version()
            namespaces = tuple(roles.namespace_labels(self._cluster))
            changed = self._objects() != objects
        except Refused as error:
            message = f"Permissions cannot be checked: {error}."
            remedy = "Try: kubectl auth can-i create subjectaccessreviews"
            raise Unverifiable(f"{message} {remedy}") from error
        if changed:
            message = "Roles or bindings were changed while the API server was asked about them."
            raise Unverifiable(f"{message} Try: run again.")
        facts = PermissionFacts(own, namespaces, version, objects, subjects, known, paths, answers)
        seconds = round(time.monotonic() - started, 1)
        self._keep("Who may do what", pretty({"seconds": seconds, **_shown(facts)}))
        return facts

    def assert_permissions_match_table(
        self, facts: PermissionFacts, grants: Sequence[PermissionGrant]
    ) -> None:
        """Everybody has exactly the permissions that the table grants them."""
        require(facts.known, "The API server lists no resource, so no permission was checked.")
        comparison = PermissionComparison(facts, load_default_policy(), tuple(grants))
        faults = list(comparison.faults())
        require(
            not faults,
            f"{listed(faults)}. Try: compare the roles in manifests with the permission table.",
        )
        doubts = list(comparison.doubts())
        if doubts:
            raise Unverifiable(f"{listed(doubts)}.")

    def assert_answers_follow_from_roles(self, facts: PermissionFacts) -> None:
        """The API server permits what the roles permit, and nothing else."""
        require(any(facts.answers.values()), "The API server permits nothing to anybody.")
        found = list(
            contradictions(facts.objects, facts.subjects, facts.known, facts.paths, facts.answers)
        )
        require(not found, f"{listed(found)}. Try: look at the API server's authorization modes.")

    def _objects(self) -> RbacObjects:
        """Return the roles and bindings, without those of the run's own temporary namespaces."""
        system = self.system
        found = roles.read_rbac(self._cluster)
        namespaces = roles.namespace_labels(self._cluster)
        # Scenarios that run at the same time make and delete namespaces with the run's id.
        lasting = {
            name
            for name, labels in namespaces.items()
            if name == system.namespace
            or labels.get(RUN_LABEL) != system.run
            or system.run not in name
        }
        return without_other_tenants(
            found, system.namespace, lasting, shared=system.driver == _SHARED
        )

    def _accounts(self) -> dict[str, str]:
        """Return the service accounts of the namespace, by name.

        One with a workload's name is called as the part is.
        """
        parts = {self.system.named(part): part for part in ("backend", "frontend", "database")}
        found = self._cluster.items(api_path("serviceaccounts", self.system.namespace))
        names = [each["metadata"]["name"] for each in found]
        return {name: parts.get(name, name) for name in names}


def _shown(facts: PermissionFacts) -> dict[str, object]:
    def permitted(subject: access_reviews.RbacSubject) -> list[str]:
        found = permissions(facts.objects, subject, facts.known, facts.paths)
        every = [each for each in found if (each.verb, each.group) == ("*", "*")]
        return sorted(f"{each.verb} {each.thing} {each.place}" for each in every or found)

    return {
        "questions": len(facts.answers),
        "resources": [str(each) for each in facts.known],
        "subjects": {
            each.who: {
                "user": each.rbac.user,
                "groups": each.rbac.groups,
                "permitted": permitted(each.rbac),
            }
            for each in facts.subjects
        },
    }
