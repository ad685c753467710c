"""Makes accounts that do what security alerts are about, and a Secret for one of them to read."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.drivers.kubernetes.identity import create_token
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Sequence


class AccountCreator(AlertListener):
    """Makes them in a namespace of the run, with which they go away."""

    def create_secret(self, namespace: str, name: str, reader: str) -> None:
        """Create a Secret that the account `reader` may read."""
        metadata = {"name": name, "labels": {RUN_LABEL: self.system.run}}
        self._cluster.create(
            api_path("secrets", namespace),
            {"metadata": metadata, "stringData": {"value": uuid.uuid4().hex}},
        )
        self.let_read(namespace, name, (namespace, reader), ["get"], [name])

    def let_read(
        self,
        namespace: str,
        role: str,
        account: tuple[str, str],
        verbs: Sequence[str],
        only: Sequence[str],
    ) -> None:
        """Create a role with these verbs for Secrets of a namespace, and give it to an account.

        `account` is its namespace and name; `only` has the names of the Secrets, none for all.
        """
        metadata = {"name": role, "labels": {RUN_LABEL: self.system.run}}
        rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": list(verbs)}
        rule |= {"resourceNames": list(only)} if only else {}
        self._cluster.create(api_path("roles", namespace), {"metadata": metadata, "rules": [rule]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}
        subject = {"kind": "ServiceAccount", "name": account[1], "namespace": account[0]}
        self._cluster.create(
            api_path("rolebindings", namespace),
            {"metadata": metadata, "roleRef": reference, "subjects": [subject]},
        )

    def create_account(self, namespace: str, name: str) -> str:
        """Create an account until the scenario ends, and return a token of it."""
        self._undo.callback(self._cluster.delete, api_path("serviceaccounts", namespace, name))
        self._cluster.create(api_path("serviceaccounts", namespace), {"metadata": {"name": name}})
        token = create_token(self._cluster, namespace, name)
        self._context.tell_secrets([token])
        return token
