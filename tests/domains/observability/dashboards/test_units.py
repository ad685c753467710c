from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.observability.dashboards.units import SHOWN_AS, unit_of
from acceptance.domains.observability.drivers.promql import read_tree
from tests.fakes.promql import binary, call, number, rate, series, total

HELPS = {
    "pg_stat_activity_max_tx_duration": "max duration in seconds any active transaction has run",
    "probe_ssl_earliest_cert_expiry": "Returns last SSL chain expiry in unixtime",
    "database_pool_size": "Pool size, of connections to the database.",
}
ERRORS = total(rate("http_requests_total", status__re="5.."))
REQUESTS = total(rate("http_requests_total"))
IDLE = total(rate("node_cpu_seconds_total", mode="idle"), operator="avg")
QUANTILE = call(
    "histogram_quantile", number("0.9"), total(rate("http_request_duration_seconds_bucket"), "le")
)


@pytest.mark.parametrize(
    ("found", "unit"),
    [
        (REQUESTS, "reqps"),
        (binary(ERRORS, "or", binary(number("0"), "*", REQUESTS)), "reqps"),
        (binary(binary(ERRORS, "or", call("vector", number("0"))), "/", REQUESTS), "percentunit"),
        (QUANTILE, "s"),
        (rate("checkouts_paid_total"), "ops"),
        (rate("traefik_entrypoint_requests_bytes_total"), "Bps"),
        (rate("process_cpu_seconds_total"), "short"),
        (binary(number("1"), "-", IDLE), "percentunit"),
        (binary(rate("a_seconds_sum"), "/", rate("a_seconds_count")), "s"),
        (series("process_resident_memory_bytes"), "bytes"),
        (
            binary(
                number("1"),
                "-",
                binary(series("memory_free_bytes"), "/", series("memory_all_bytes")),
            ),
            "percentunit",
        ),
        (series("pg_up"), "bool_on_off"),
        (total(series("probe_success"), operator="min"), "bool_on_off"),
        (total(series("probe_success"), operator="avg"), "percentunit"),
        (total(series("up")), "short"),
        (total(series("any_bytes"), operator="count"), "short"),
        (series("pg_stat_activity_max_tx_duration"), "s"),
        (binary(series("probe_ssl_earliest_cert_expiry"), "-", call("time")), "s"),
        (series("slo:period_error_budget_remaining:ratio"), "percentunit"),
        (series("slo:current_burn_rate:ratio"), "short"),
        (series("database_pool_size"), "short"),
        (call("increase", series("deadlocks_total", window=1)), "short"),
        (call("changes", series("container_start_time_seconds", window=1)), "short"),
        (call("max_over_time", series("a_seconds", window=1)), "s"),
        (binary(series("up"), "==", number("0")), "bool_on_off"),
        ({**binary(series("a_bytes"), ">", number("0")), "bool": True}, "bool_on_off"),
        ({"type": "unaryExpr", "op": "-", "expr": series("a_bytes")}, "bytes"),
        (binary(series("a_bytes"), "and", series("up")), "bytes"),
    ],
)
def test_the_unit_follows_from_the_query(found: dict[str, Any], unit: str) -> None:
    """By the metric's name, by what it says about itself, and by what is done with it."""
    assert unit in SHOWN_AS[unit_of(read_tree(found), HELPS)]


@pytest.mark.parametrize(
    ("found", "unit"),
    [
        (binary(number("1000"), "*", series("a_seconds")), "not known"),
        (binary(series("a_seconds"), "/", number("60")), "not known"),
        (binary(series("a_seconds"), "+", series("a_bytes")), "not known"),
        (series("process_start_time_seconds"), "a moment"),
        (series("not_scraped_yet"), "not known"),
        (series("route:http_requests:rate"), "not known"),
        (total(series("ALERTS"), operator="count"), "a number"),
        (binary(number("1"), "-", number("1")), "a plain number"),
    ],
)
def test_what_is_in_no_unit_is_said(found: dict[str, Any], unit: str) -> None:
    """A query that is scaled, or adds what cannot be added, has no unit of its metrics."""
    assert unit_of(read_tree(found), HELPS) == unit
