"""What every alert has to do: the cases of the unit tests of the rules, for promtool.

A case changes some series of a healthy system at one moment, and lists *all* alerts that fire at
later moments, so that a rule that fires too often is seen as well as one that never does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Values: TypeAlias = "Callable[[Sequence[float], float], list[str]]"
"""The values of a series at these seconds, where the second argument is when the cause begins."""
Firing: TypeAlias = "Mapping[str, int]"
"""How many alerts of each rule fire, by "name severity"."""

ALWAYS = {"DeadMansSwitch none": 1}
_GONE = "stale"
_DAY = 86400.0
_SLO = 'job="backend",route="/api/checkouts"'
_PODS = ("backend-a", "backend-b")
_JOBS = (
    "alertmanager api-server audit blackbox certificates containers database endpoints ingress "
    "kubelet log-shipper node prometheus resources traces"
)
_READY = 'probe_success{{job="endpoints",endpoint="backend /readyz",way="inside",pod="{}"}}'
READY = tuple(_READY.format(pod) for pod in _PODS)
_PAGE = 'probe_success{job="endpoints",endpoint="page",way="ingress"}'
_API = 'probe_success{job="endpoints",endpoint="API",way="ingress"}'
_SERVED = 'probe_ssl_earliest_cert_expiry{job="endpoints",endpoint="page",way="ingress"}'
_ISSUED = 'certmanager_certificate_expiration_timestamp_seconds{job="certificates",name="tls"}'
_VOLUME = 'kubelet_volume_stats_{}_bytes{{job="kubelet",persistentvolumeclaim="data"}}'
_DISK = 'node_filesystem_{}_bytes{{job="node",node="one",device="/dev/vda",fstype="ext4"}}'
_BACKUP = 'backup_last_success_timestamp_seconds{namespace="checkout"}'
_QUEUE = 'log_shipper_queue_lines{node="one"}'
_STARTED = 'container_start_time_seconds{job="resources",namespace="checkout",container="backend"}'
_PG = 'pg_up{job="database"}'
_COUNTED = 'http_requests_total{{{},method="{}",status="{}"}}'
_TIMED = 'http_request_duration_seconds_{}{{{},method="{}"{}}}'
_AUDIT = 'kubernetes_audit_events_total{{user="{}",resource="{}",verb="get",code="{}"}}'


def steady(value: float) -> Values:
    """Return a series that stays as it is."""
    return lambda times, _: [f"{value:g}"] * len(times)


def turns(before: float, after: float) -> Values:
    """Return a series that has another value from the cause on."""
    return lambda times, cause: [f"{before if at < cause else after:g}" for at in times]


def rises(before: float, after: float, start: float = 0.0) -> Values:
    """Return a series that rises by so much a second, and by another amount from the cause on."""

    def values(times: Sequence[float], cause: float) -> list[str]:
        rising = (before * min(at, cause) + after * max(0.0, at - cause) for at in times)
        return [repr(start + each) for each in rising]

    return values


def ends(before: Values) -> Values:
    """Return a series that is no longer there from the cause on."""

    def values(times: Sequence[float], cause: float) -> list[str]:
        there = sum(at < cause for at in times)
        missing = [_GONE, *["_"] * (len(times) - there - 1)]
        return before(times, cause)[:there] + missing

    return values


def begins(value: float) -> Values:
    """Return a series that is there from the cause on only."""
    return lambda times, cause: ["_" if at < cause else f"{value:g}" for at in times]


def never(times: Sequence[float], _: float) -> list[str]:
    """Return a series that was never there."""
    return ["_"] * len(times)


def restarts(times: Sequence[float], cause: float) -> list[str]:
    """Return when a container was started that starts anew with every scrape after the cause."""
    return [f"{1.0 if at < cause else at:g}" for at in times]


HEALTHY: Mapping[str, Values] = {
    **{f'up{{job="{job}",instance="{job}:1"}}': steady(1) for job in _JOBS.split()},
    **{f'up{{job="backend",instance="{pod}"}}': steady(1) for pod in _PODS},
    **dict.fromkeys([*READY, _PAGE, _API, _PG], steady(1)),
    _SERVED: steady(90 * _DAY),
    _ISSUED: steady(90 * _DAY),
    _VOLUME.format("capacity"): steady(1000),
    _VOLUME.format("used"): steady(600),
    _VOLUME.format("available"): steady(400),
    _DISK.format("size"): steady(1000),
    _DISK.format("avail"): steady(400),
    _BACKUP: rises(1, 1),
    _QUEUE: steady(100),
    'log_shipper_queue_limit_lines{node="one"}': steady(1000000),
    _STARTED: steady(1),
    _COUNTED.format(_SLO, "GET", "200"): rises(10, 10),
    _COUNTED.format(_SLO, "POST", "201"): rises(5, 5),
    **{
        _TIMED.format(what, _SLO, method, le): rises(rate, rate)
        for method, rate in (("GET", 10.0), ("POST", 5.0))
        for what, le in (("count", ""), ("bucket", ',le="0.3"'))
    },
    # The system's own components read Secrets all day, and somebody is refused now and then.
    _AUDIT.format("system:serviceaccount:cert-manager:cert-manager", "secrets", "200"): rises(1, 1),
    _AUDIT.format("developer", "pods", "403"): rises(0.001, 0.001),
}
"""The series of a system on which nothing may fire but the dead man's switch."""


@dataclass(frozen=True)
class RuleCase:
    """One cause, and what fires after it."""

    name: str
    alert: str
    """The rule that this is about; where its name has several, with the group of its route."""
    changed: Mapping[str, Values]
    """The series that are not as on a healthy system."""
    firing: Sequence[tuple[str, Firing]]
    """When, as the name of a number, and what fires then beside what always does."""
    settle: str = ""
    """The window, as production names it, of healthy time before the cause."""
    immediate: bool = field(default=False)
    """Whether it fires at once, without a pending time."""


_RATIO = _COUNTED.format(_SLO, "GET", "500")
_F, _W = "for_critical", "for_warning"
_PACES: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "ten times the pace that is allowed": (10, ("critical", "warning")),
    "twice the pace that is allowed": (2, ("warning",)),
    "half the pace that is allowed": (0.5, ()),
}
_BUSY = 1e6
"""So many requests a second that those of the next hour count little beside them."""


def _budget_cases() -> Iterator[RuleCase]:
    """Yield the cases of the service levels, of those who read and of those who change.

    Only a fast pace is seen after a busy time in which all was well: it is the errors of an hour,
    and those of six hours are few among all requests.
    """
    for group, method, status, rate in (
        ("read", "GET", "200", 10.0),
        ("change", "POST", "201", 5.0),
    ):
        done, failed = (_COUNTED.format(_SLO, method, each) for each in (status, "500"))
        count, quick = (
            _TIMED.format(what, _SLO, method, le)
            for what, le in (("count", ""), ("bucket", ',le="0.3"'))
        )
        errors, latency = f"ErrorBudgetBurn {group}", f"LatencyBudgetBurn {group}"
        for pace, (times, severities) in _PACES.items():
            few, slow = 0.001 * times * rate, 0.01 * times * rate
            for what, alert, changed in (
                ("errors", errors, {failed: rises(few, few)}),
                ("slow answers", latency, {quick: rises(rate - slow, rate - slow)}),
            ):
                fires = {f"{alert.partition(' ')[0]} {each}": 1 for each in severities}
                name = f"{what} of those who {group}, at {pace}"
                yield RuleCase(name, alert, changed, [("5m", fires)], immediate=True)
        busy = {done: rises(_BUSY, rate), failed: rises(0, rate / 20)}
        yield _after_busy_time(f"errors of those who {group}", errors, busy)
        busy = {count: rises(_BUSY, rate), quick: rises(_BUSY, rate / 2)}
        yield _after_busy_time(f"slow answers of those who {group}", latency, busy)


def _after_busy_time(what: str, alert: str, changed: Mapping[str, Values]) -> RuleCase:
    fires = {f"{alert.partition(' ')[0]} critical": 1}
    name = f"{what}, for an hour after a busy time"
    return RuleCase(name, alert, changed, [("1h", fires)], immediate=True)


CASES: tuple[RuleCase, ...] = (
    RuleCase("nothing is wrong", "DeadMansSwitch", {}, [(_W, {})], immediate=True),
    RuleCase(
        "no backend pod is ready",
        "NoReadyBackend",
        dict.fromkeys(READY, turns(1, 0)),
        [
            (_F, {"NoReadyBackend critical": 1}),
            (_W, {"NoReadyBackend critical": 1, "EndpointDown warning": 2}),
        ],
    ),
    RuleCase(
        "there is no backend pod",
        "NoReadyBackend",
        dict.fromkeys(READY, ends(steady(1))),
        [(_F, {"NoReadyBackend critical": 1}), (_W, {"NoReadyBackend critical": 1})],
    ),
    RuleCase(
        "the prober is away, and knows nothing of the backend",
        "TargetDown",
        {
            'up{job="blackbox",instance="blackbox:1"}': turns(1, 0),
            **dict.fromkeys([*READY, _PAGE, _API, _SERVED], ends(steady(90 * _DAY))),
        },
        [(_F, {"TargetDown critical": 1})],
    ),
    RuleCase(
        "visitors do not get the page",
        "SiteUnreachable",
        {_PAGE: turns(1, 0)},
        [(_F, {"SiteUnreachable critical": 1}), (_W, {"SiteUnreachable critical": 1})],
    ),
    RuleCase(
        "one of two pods is not ready",
        "EndpointDown",
        {READY[0]: turns(1, 0)},
        [(_W, {"EndpointDown warning": 1})],
    ),
    RuleCase(
        "the database does not answer",
        "DatabaseAway",
        {_PG: turns(1, 0)},
        [(_F, {"DatabaseAway critical": 1})],
    ),
    RuleCase(
        "the database's pod is gone",
        "DatabaseAway",
        {
            _PG: ends(steady(1)),
            'up{job="database",instance="database:1"}': ends(steady(1)),
        },
        [
            (_F, {"DatabaseAway critical": 1}),
            (_W, {"DatabaseAway critical": 1, "TargetMissing critical": 1}),
        ],
    ),
    RuleCase(
        "a volume is nearly full",
        "VolumeFilling",
        {_VOLUME.format("used"): turns(600, 950)},
        [(_F, {"VolumeFilling critical": 1})],
    ),
    RuleCase(
        "a volume is full within hours",
        "VolumeFilling",
        {_VOLUME.format("available"): rises(-0.1, -0.1, 400)},
        [(_F, {"VolumeFilling critical": 1})],
        immediate=True,
    ),
    RuleCase(
        "a volume is full tomorrow, which can wait until then",
        "VolumeFilling",
        {_VOLUME.format("available"): rises(-0.005, -0.005, 400)},
        [(_F, {})],
        immediate=True,
    ),
    RuleCase(
        "a volume that is nearly empty grows fast",
        "VolumeFilling",
        {
            _VOLUME.format("used"): steady(100),
            _VOLUME.format("available"): rises(-0.2, -0.2, 900),
        },
        [(_F, {})],
        immediate=True,
    ),
    RuleCase(
        "a disk is nearly full",
        "DiskFilling",
        {_DISK.format("avail"): turns(400, 50)},
        [(_W, {"DiskFilling warning": 1})],
    ),
    RuleCase(
        "log lines wait",
        "LogShipperQueueFilling",
        {_QUEUE: turns(100, 200000)},
        [(_W, {"LogShipperQueueFilling warning": 1})],
    ),
    RuleCase(
        "a certificate was not renewed",
        "CertificateNearEnd",
        {_ISSUED: turns(90 * _DAY, 13 * _DAY)},
        [("for_certificate", {"CertificateNearEnd critical": 1})],
    ),
    RuleCase(
        "visitors are served an old certificate",
        "CertificateNearEnd",
        {_SERVED: turns(90 * _DAY, 13 * _DAY)},
        [("for_certificate", {"CertificateNearEnd critical": 1})],
    ),
    RuleCase(
        "no backup for a day",
        "BackupTooOld",
        {_BACKUP: turns(0, -1.1 * _DAY)},
        [(_F, {"BackupTooOld critical": 1})],
    ),
    RuleCase(
        "the backup of last night",
        "BackupTooOld",
        {_BACKUP: turns(0, -0.8 * _DAY)},
        [(_F, {})],
    ),
    RuleCase(
        "nobody tells of backups",
        "BackupUnknown",
        {_BACKUP: ends(rises(1, 1))},
        [(_W, {"BackupUnknown warning": 1})],
    ),
    RuleCase(
        "a container starts again and again",
        "CrashLoop",
        {_STARTED: restarts},
        [(_W, {"CrashLoop warning": 1})],
        immediate=True,
    ),
    RuleCase(
        "one of two pods is not scraped",
        "TargetDown",
        {'up{job="backend",instance="backend-b"}': turns(1, 0)},
        [(_F, {"TargetDown critical": 1})],
    ),
    RuleCase(
        "the node exporter is gone",
        "TargetMissing",
        {'up{job="node",instance="node:1"}': ends(steady(1))},
        [(_W, {"TargetMissing critical": 1})],
    ),
    RuleCase(
        "Prometheus finds nothing at all",
        "TargetMissing",
        {name: ends(steady(1)) for name in HEALTHY if name.startswith("up{")},
        # One for each job.
        [(_W, {"TargetMissing critical": 16})],
    ),
    RuleCase(
        "there are no logs and no traces here, and the node exporter is gone",
        "TargetMissing",
        {
            'up{job="log-shipper",instance="log-shipper:1"}': never,
            'up{job="traces",instance="traces:1"}': never,
            'up{job="node",instance="node:1"}': ends(steady(1)),
        },
        [(_W, {"TargetMissing critical": 1})],
    ),
    RuleCase(
        "somebody tries every door",
        "AccessDeniedSpike",
        {_AUDIT.format("developer", "pods", "403"): rises(0.001, 5)},
        [("denied_window", {"AccessDeniedSpike warning": 1})],
        immediate=True,
    ),
    RuleCase(
        "somebody without a name tries a new door, after one that is known",
        "AccessDeniedSpike",
        {
            _AUDIT.format("unauthenticated", "secrets", "401"): steady(1),
            _AUDIT.format("unauthenticated", "pods", "401"): begins(60),
        },
        [(_F, {"AccessDeniedSpike warning": 1})],
        settle="30m",
        immediate=True,
    ),
    RuleCase(
        "refusals of yesterday are counted by a new pod of the exporter",
        "AccessDeniedSpike",
        {
            _AUDIT.format("developer", "pods", "403").replace("{", '{pod="old",'): ends(steady(60)),
            _AUDIT.format("developer", "pods", "403").replace("{", '{pod="new",'): begins(60),
        },
        [(_F, {})],
        settle="30m",
        immediate=True,
    ),
    RuleCase(
        "a developer reads one Secret, once",
        "SecretRead",
        {_AUDIT.format("developer", "secrets", "200"): begins(1)},
        [(_F, {"SecretRead warning": 1})],
        immediate=True,
    ),
    RuleCase(
        "a developer is refused a Secret, which is no read",
        "SecretRead",
        {_AUDIT.format("developer", "secrets", "403"): begins(1)},
        [(_F, {})],
        immediate=True,
    ),
    RuleCase(
        "every answer is an error",
        "ErrorBudgetBurn read",
        {_RATIO: rises(0, 10), _COUNTED.format(_SLO, "GET", "200"): rises(10, 0)},
        # After a minute, 6 h are not yet burnt 6 times too fast: this is the fast rule alone.
        [(_F, {"ErrorBudgetBurn critical": 1, "ErrorBudgetBurn warning": 1})],
        settle="6h",
        immediate=True,
    ),
    *_budget_cases(),
)
