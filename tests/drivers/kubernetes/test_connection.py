from __future__ import annotations

import pytest

from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.connection import Inaccessible, Refused, object_of
from acceptance.errors import EnvironmentFailure


@pytest.mark.parametrize("status", [None, 401, 403, 429, 500, 503])
def test_an_api_server_that_does_not_serve_the_suite_is_the_environments(
    status: int | None,
) -> None:
    """No answer, no rights, no time and its own errors say nothing about the system."""
    error = "timed out" if status is None else None
    with pytest.raises(Inaccessible) as caught:
        object_of(Reply(status, (), "{}", 0.1, error=error, request="GET /x"))
    assert isinstance(caught.value, EnvironmentFailure)
    assert caught.value.exit_code == 69


@pytest.mark.parametrize("status", [404, 409, 422])
def test_an_object_that_is_not_there_or_invalid_is_the_systems(status: int) -> None:
    """The API server has decided about what the system consists of."""
    text = '{"message": "services \\"backend\\" not found"}'
    with pytest.raises(Refused, match=r'GET /x: services "backend" not found') as caught:
        object_of(Reply(status, (), text, 0.1, request="GET /x"))
    assert not isinstance(caught.value, EnvironmentFailure)
