from __future__ import annotations

from typing import Any

import pytest

from acceptance.errors import BrokenInput
from acceptance.settings import Workloads
from operations.rotation.target import find_target
from tests.fakes.kubernetes_objects import KEYS, SETTINGS, FakeObjects, backend, config_map


def test_the_secret_is_found_by_the_references_of_the_backend() -> None:
    """No name of a Secret is built in."""
    cluster: Any = FakeObjects({"backend": backend(), "config": config_map(**SETTINGS)})
    target = find_target(cluster, "shop", Workloads())
    assert (target.secret, target.container, target.owner) == ("secrets", "api", "owner")


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ({}, "There is no Deployment backend in shop"),
        ({"backend": backend(*KEYS)}, "takes no DATABASE_PASSWORD from a Secret"),
        ({"backend": backend("SIGNING_KEY_ACCEPTED")}, "takes no SIGNING_KEY_ACCEPTED from"),
        ({"backend": backend()}, "has DATABASE_NAME, DATABASE_OWNER, DATABASE_USER"),
    ],
)
def test_a_system_that_does_not_support_rotation_is_refused(
    objects: dict[str, Any], said: str
) -> None:
    """Before any change, in one sentence that names what is missing."""
    cluster: Any = FakeObjects(objects)
    with pytest.raises(BrokenInput, match=said):
        find_target(cluster, "shop", Workloads())
