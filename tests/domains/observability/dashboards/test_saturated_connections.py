import pytest

from acceptance.domains.observability.dashboards.saturated_connections import (
    ConnectionWatcher,
    PoolState,
)
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

GOOD = PoolState("backend-1", free=0.0, waiting=3.0, size=10.0, free_afterwards=10.0)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (PoolState("b", 10.0, 3.0, 10.0, 10.0), "b says that 10 connections were free"),
        (PoolState("b", 0.0, 0.0, 10.0, 10.0), "b says that no request waited"),
        (PoolState("b", 0.0, 3.0, 10.0, 0.0), "b has 10 connections, and says that 0 are free"),
        (PoolState("b", 0.0, 3.0, 0.0, 0.0), "b has 0 connections"),
    ],
)
def test_each_pod_has_to_tell(second: PoolState, reason: str) -> None:
    """One pod of two, and each of the three metrics."""
    watcher = ConnectionWatcher(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=reason):
        watcher.assert_saturation_measured((GOOD, second))
    with pytest.raises(AssertionError, match="No backend pod"):
        watcher.assert_saturation_measured(())
    watcher.assert_saturation_measured((GOOD, GOOD))
