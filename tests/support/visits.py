"""Makes the requests of visitors of which some were slow."""

from __future__ import annotations

from acceptance.domains.observability.alerts.visits import Visit, Visits


def visits(
    requests: int, slow: int, *, changing: bool = False, begin: float = 0.0, each: float = 0.2
) -> Visits:
    """Requests of one kind, one every `each` seconds; the last ones are the slow ones."""
    return Visits(
        tuple(
            Visit(begin + number * each, 0.4 if number >= requests - slow else 0.01, changing)
            for number in range(requests)
        )
    )
