from __future__ import annotations

import pytest

from acceptance.drivers.kubernetes.paths import api_path, group_path


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("nodes",), "/api/v1/nodes"),
        (("pods", "shop"), "/api/v1/namespaces/shop/pods"),
        (("pods", "shop", "a", "log"), "/api/v1/namespaces/shop/pods/a/log"),
        (("namespaces", "", "shop"), "/api/v1/namespaces/shop"),
        (("deployments", "shop", "a"), "/apis/apps/v1/namespaces/shop/deployments/a"),
        (("clusterissuers", "", "a"), "/apis/cert-manager.io/v1/clusterissuers/a"),
    ],
)
def test_a_path_has_group_namespace_name_and_part(arguments: tuple[str, ...], path: str) -> None:
    """What is left out is left out of the path."""
    assert api_path(*arguments) == path


def test_a_group_has_a_path_of_its_own() -> None:
    """It tells whether a cluster knows the group."""
    assert group_path("certificates") == "/apis/cert-manager.io/v1"


def test_an_unknown_kind_is_an_error_of_ours() -> None:
    """A path is never guessed."""
    with pytest.raises(KeyError):
        api_path("gadgets", "shop")
