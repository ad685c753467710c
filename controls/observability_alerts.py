"""Sabotages of alerts that the domain observability must detect: rules, routes, and their ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from controls.changed_programs import (
    MONITORING,
    change_program,
    edit_configuration,
    rewrite_configuration,
)
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_TOLD = "The security team is told who did what, and when"
_RULES = "The rules are loaded, and each of them can fire"
_TESTED = "The rules and routes of the repository are tested"
_QUIET = "Nothing fires while visitors use the sound system"
_PROGRAMS = "Alerts about single programs are followed from their cause to their end"
_LEVELS = "Alerts about service levels are followed from their cause to their end"
_OUTAGES = "Alerts about outages are followed from their cause to their end"
_TESTS = "The tests of the critical rules notice what breaks a rule"
_GROUPED = "Alerts of one group arrive together"
_SILENCED = "A silenced alert arrives after its silence"
_INHIBITED = "What a known cause makes fail is quiet meanwhile"
_ON_CALL = "The on-call page is complete, and answers every severity"
_WRITTEN = "The on-call page says where Alertmanager sends each alert"
_CONTACT = "The contact check arrives"
_PAGE = "docs/operations/on-call.md"
_SWITCH = "Somebody outside is told when <what>"
_RULE_FILES = "manifests/components/prometheus-rules"


@control("TASK-002-DOD-6", _TOLD, expects="the receiver security was not told")
def alerts_of_another_category(saboteur: Saboteur) -> None:
    """Call the category of the security alerts as another team does."""
    _replace_in(saboteur, "prometheus", "alerts.yaml", "category: security", "category: compliance")


@control("TASK-002-DOD-6", _TOLD, expects="the receiver security was not told")
def a_receiver_that_discards_alerts(saboteur: Saboteur) -> None:
    """Keep the name of the receiver, and drop its address while others are tidied up."""
    _drop_address(saboteur, "security")


@control("TASK-002-DOD-6", _TOLD, expects="gets a Secret .* the receiver security was not told")
def accounts_of_the_cluster_are_trusted(saboteur: Saboteur) -> None:
    """Leave all service accounts out of the reads that count, because programs read Secrets."""
    _replace_in(
        saboteur,
        "prometheus",
        "recording.yaml",
        "serviceaccount:(kube-system|cert-manager|ingress):.+",
        "serviceaccount:.+",
    )


@control("TASK-002-DOD-6", _TOLD, expects="is refused .* the receiver security was not told")
def only_missing_credentials_count_as_refused(saboteur: Saboteur) -> None:
    """Count 401, and not 403, which is what somebody gets who is known."""
    _replace_in(saboteur, "prometheus", "recording.yaml", "401|403", "401")


@control("TASK-003-AC-5", _RULES, expects="Prometheus lacks DatabaseAway")
def a_rule_that_was_never_deployed(saboteur: Saboteur) -> None:
    """Let Prometheus have the rules of last month."""
    _edit_alerts(saboteur, ("alert: DatabaseAway", "alert: DatabaseGone"))


@control("TASK-003-AC-5", _RULES, expects="no file has SiteUnreachable")
def a_threshold_that_was_changed_by_hand(saboteur: Saboteur) -> None:
    """Wait an hour before somebody is called, in the cluster only."""
    _edit_alerts(
        saboteur,
        (
            'way="ingress"} == 0\n        for: "11s"',
            'way="ingress"} == 0\n        for: "1h"',
        ),
    )


@control("TASK-003-AC-5", _RULES, expects="changes alerts before it sends them: drop")
def warnings_that_are_dropped(saboteur: Saboteur) -> None:
    """Have Prometheus keep warnings to itself, because there were too many of them."""
    drop = "{source_labels: [severity], regex: warning, action: drop}"
    edit_configuration(
        saboteur,
        "prometheus",
        "prometheus.yaml",
        ("alerting:\n", f"alerting:\n  alert_relabel_configs:\n    - {drop}\n"),
    )


@control("TASK-003-AC-5", _TESTED, expects="production: .*CertificateNearEnd")
def a_threshold_in_days(saboteur: Saboteur) -> None:
    """Write fourteen days as 14, where seconds are meant, in the rules for production."""
    saboteur.edit(
        f"{_RULE_FILES}/production/alerts.yaml",
        "- time() < 1209600\n          or",
        "- time() < 14\n          or",
    )


@control("TASK-003-AC-5", _QUIET, expects=r"CrashLoop \(.*\) fired")
def a_rule_that_always_fires(saboteur: Saboteur) -> None:
    """Take every container that has started at all for one that crashes."""
    _edit_alerts(saboteur, ("[1m]) >= 2", "[1m]) >= 0"))


@control("TASK-003-AC-5", _PROGRAMS, expects="SiteUnreachable did not arrive at critical")
def a_route_for_a_severity_that_nobody_has(saboteur: Saboteur) -> None:
    """Write the severity as another team does: what no route knows goes to working hours."""
    _edit_routes(
        saboteur,
        (
            "- receiver: critical\n      matchers: ['severity = \"critical\"']",
            "- receiver: critical\n      matchers: ['severity = \"page\"']",
        ),
    )


@control("TASK-003-AC-5", _PROGRAMS, expects="CertificateNearEnd did not arrive at critical")
def security_alerts_that_call_nobody(saboteur: Saboteur) -> None:
    """Send security alerts to the security team, and to nobody else."""
    _edit_routes(
        saboteur,
        ("      continue: true\n", ""),
    )


@control("TASK-003-AC-5", _PROGRAMS, expects="no receiver was told that it ended")
def nobody_is_told_of_the_end(saboteur: Saboteur) -> None:
    """Send the beginning of an alert only."""
    _replace_in(
        saboteur, "alertmanager", "alertmanager.yaml", "send_resolved: true", "send_resolved: false"
    )


@control("TASK-003-AC-5", _LEVELS, expects="LatencyBudgetBurn read did not arrive")
def a_latency_in_milliseconds(saboteur: Saboteur) -> None:
    """Look for the bucket of 300, because 300 ms are meant: there is none."""
    _replace_in(saboteur, "prometheus", "service-levels.yaml", 'le="0.3"', 'le="300"')


@control("TASK-003-AC-5", _OUTAGES, expects="DatabaseAway did not arrive at critical")
def an_absent_database_is_no_value(saboteur: Saboteur) -> None:
    """Forget that a database that is gone has no metrics that could be zero."""
    _edit_alerts(
        saboteur,
        ('(max(pg_up{job="database"}) or vector(0)) == 0', 'max(pg_up{job="database"}) == 0'),
    )


@control("TASK-003-AC-5", _GROUPED, expects="arrived in [23] notifications")
def every_alert_by_itself(saboteur: Saboteur) -> None:
    """Gather by every label, so that nothing is gathered."""
    _edit_routes(
        saboteur,
        ("  group_by: [alertname, namespace]", "  group_by: ['...']"),
    )


@control("TASK-003-AC-5", _INHIBITED, expects="SiteUnreachable API arrived although NoReadyBackend")
def an_inhibition_with_a_typing_error(saboteur: Saboteur) -> None:
    """Write the endpoint in small letters in one of the rules that keep alerts quiet."""
    _edit_routes(
        saboteur,
        ("'endpoint = \"API\"'", "'endpoint = \"api\"'"),
    )


@control(
    "TASK-003-AC-5",
    f"{_SWITCH} [Prometheus does not run]",
    expects="there was a sign of life still|Nobody was told",
)
def signs_of_life_that_outlive_prometheus(saboteur: Saboteur) -> None:
    """Send what fires once a minute: Alertmanager takes it for true four times as long."""
    found = "--rules.alert.resend-delay=1s"
    arguments = _arguments(saboteur, "prometheus")
    assert found in arguments, f"Prometheus is not started with {found}"
    changed = [each for each in arguments if each != found]
    change_program(saboteur, "prometheus", {"args": changed})


@control(
    "TASK-003-AC-5",
    f"{_SWITCH} [Alertmanager does not run]",
    expects="The dead man's switch was heard [0-2] times",
)
def a_switch_that_nobody_hears(saboteur: Saboteur) -> None:
    """Route the dead man's switch to the others of its kind, which are looked at in the morning."""
    _edit_routes(
        saboteur,
        (
            '      group_interval: "5s"\n      repeat_interval: "4s"',
            '      group_interval: "5s"\n      repeat_interval: "24h"',
        ),
    )


@control(
    "TASK-003-AC-5",
    f"{_SWITCH} [Alertmanager may connect to nobody outside]",
    expects="The dead man's switch was heard 0 times",
)
def a_policy_for_another_port(saboteur: Saboteur) -> None:
    """Allow Alertmanager the port of another receiver."""
    port = {"protocol": "TCP", "port": 8443}
    saboteur.patch(
        "networkpolicy/alertmanager",
        {"spec": {"egress": [{"ports": [port]}]}},
        namespace=MONITORING,
    )


@control("TASK-003-AC-5", _SILENCED, expects="The alert of another pod was silent as well")
@control("TASK-003-DOD-5", _CONTACT, expects="critical did not arrive at critical")
def a_receiver_without_an_address(saboteur: Saboteur) -> None:
    """Keep the name of those who are on call, and drop their address."""
    _drop_address(saboteur, "critical")


@control("TASK-003-DOD-3", _TESTS, expects="no case is about VolumeFull")
def a_critical_alert_without_a_test(saboteur: Saboteur) -> None:
    """Give a critical alert another name, and forget that its tests have the old one."""
    saboteur.edit(
        f"{_RULE_FILES}/production/alerts.yaml", "alert: VolumeFilling", "alert: VolumeFull"
    )


@control(
    "TASK-003-DOD-3",
    _TESTS,
    expects="short: the tests of DatabaseAway do not notice that pg_up_ratio was renamed",
)
def an_alternative_that_no_test_knows(saboteur: Saboteur) -> None:
    """Add the metric of the exporter's next version, and no test of it."""
    saboteur.edit(
        f"{_RULE_FILES}/short/alerts.yaml",
        '(max(pg_up{job="database"}) or vector(0)) == 0',
        '(max(pg_up{job="database"}) or vector(0)) == 0 or max(pg_up_ratio) == 0',
    )


@control(
    "TASK-003-DOD-3",
    _TESTS,
    expects="production: the tests of TargetDown do not notice that 3 is 30",
)
def a_limit_that_no_test_reaches(saboteur: Saboteur) -> None:
    """Call nobody while more than three targets are down, because then it is the network."""
    saboteur.edit(
        f"{_RULE_FILES}/production/alerts.yaml",
        'up{job!="endpoints"} == 0',
        'up{job!="endpoints"} == 0 unless on () count(up == 0) > 3',
    )


@control("TASK-003-DOD-5", _ON_CALL, expects="does not say what the severity warning means")
def a_severity_that_nobody_explains(saboteur: Saboteur) -> None:
    """Call a severity on the page as it was called before."""
    saboteur.edit(_PAGE, "| warning | something", "| minor | something")


@control("TASK-003-DOD-5", _ON_CALL, expects="duty officer called after .*a role that nobody has")
def an_escalation_to_nobody(saboteur: Saboteur) -> None:
    """Call somebody whom the rotation does not have."""
    line = "| 15 minutes without an answer | second on call |"
    saboteur.edit(_PAGE, line, line.replace("second on call", "duty officer"))


@control(
    "TASK-003-DOD-5",
    _WRITTEN,
    expects="goes to security, critical, and by|to security every 86400 s, critical",
)
def a_team_that_the_page_forgets(saboteur: Saboteur) -> None:
    """Leave the security team out of the row about its own critical alerts."""
    saboteur.edit(_PAGE, "| `security`, `critical` | 24h, 4h |", "| `critical` | 4h |")


@control("TASK-003-DOD-5", _WRITTEN, expects="nobody is called in the time night")
def a_quiet_night(saboteur: Saboteur) -> None:
    """Let the critical receiver sleep, in the configuration that is deployed."""
    route, head = "    - receiver: critical\n", "\nreceivers:\n"
    times = "[{start_time: '01:00', end_time: '01:01'}]"
    night = f"time_intervals: [{{name: night, time_intervals: [{{times: {times}}}]}}]"
    edit_configuration(
        saboteur,
        "alertmanager",
        "alertmanager.yaml",
        (route, f"{route}      mute_time_intervals: [night]\n"),
        (head, f"\n{night}{head}"),
    )


@control("TASK-003-DOD-5", _WRITTEN, expects="which no variant of the routes says")
def a_repetition_that_was_changed_by_hand(saboteur: Saboteur) -> None:
    """Repeat critical alerts once in a shift, in the cluster only."""
    _edit_routes(
        saboteur,
        ('repeat_interval: "4h"', 'repeat_interval: "8h"'),
    )


def _edit_routes(saboteur: Saboteur, change: tuple[str, str]) -> None:
    """Replace a text in the routes of Alertmanager, which they have once."""
    edit_configuration(saboteur, "alertmanager", "alertmanager.yaml", change)


def _edit_alerts(saboteur: Saboteur, change: tuple[str, str]) -> None:
    """Replace a text in the alert rules of Prometheus, which they have once."""
    edit_configuration(saboteur, "prometheus", "alerts.yaml", change)


def _replace_in(saboteur: Saboteur, program: str, file: str, old: str, new: str) -> None:
    """Replace a text wherever a file of a program's configuration has it."""
    rewrite_configuration(saboteur, program, file, lambda text: text.replace(old, new))


def _drop_address(saboteur: Saboteur, receiver: str) -> None:
    """Leave a receiver without an address: what is sent to it is lost."""
    address = (
        f"    webhook_configs:\n      - url_file: /etc/alertmanager-receivers/{receiver}\n"
        "        send_resolved: true\n"
    )
    _edit_routes(saboteur, (address, ""))


def _arguments(saboteur: Saboteur, name: str) -> list[str]:
    path = "--output=jsonpath={.spec.template.spec.containers[0].args}"
    said = saboteur.kubectl("get", f"deployment/{name}", path, namespace=MONITORING)
    return list(json.loads(said))
