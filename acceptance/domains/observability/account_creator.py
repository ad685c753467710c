"""Makes accounts that do what security alerts are about, and a Secret for one of them to read."""

from __future__ import annotations

import uuid

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.alert_listener import AlertListener
from acceptance.drivers.kubernetes.identity import create_token
from acceptance.drivers.kubernetes.paths import api_path


class AccountCreator(AlertListener):
    """Makes them in a namespace of the run, with which they go away."""

    def create_secret(self, namespace: str, name: str, reader: str) -> None:
        """Create a Secret that the account `reader` may read."""
        labels = {RUN_LABEL: self.system.run}
        metadata = {"name": name, "labels": labels}
        self._cluster.create(
            api_path("secrets", namespace),
            {"metadata": metadata, "stringData": {"value": uuid.uuid4().hex}},
        )
        rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
        rule |= {"resourceNames": [name]}
        self._cluster.create(api_path("roles", namespace), {"metadata": metadata, "rules": [rule]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        subject = {"kind": "ServiceAccount", "name": reader, "namespace": namespace}
        self._cluster.create(
            api_path("rolebindings", namespace),
            {"metadata": metadata, "roleRef": reference, "subjects": [subject]},
        )

    def create_account(self, namespace: str, name: str) -> str:
        """Create an account, and return a token of it."""
        self._cluster.create(api_path("serviceaccounts", namespace), {"metadata": {"name": name}})
        token = create_token(self._cluster, namespace, name)
        self._context.tell_secrets([token])
        return token
