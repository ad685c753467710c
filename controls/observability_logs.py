"""Sabotages of central logging that the domain observability must detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.changed_programs import MONITORING, change_program, edit_shipper
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-003-AC-3"
_FOUND = "Every line of a pod is found once and soon"
_REQUEST = "A visitor's request is found by its id"
_EVERY_CONTAINER = "Every container that writes is in the log store"
_WAITING = "Lines that wait for the log store outlive their pod and a replaced log shipper"
_DELETION = "Old logs are deleted every day, and younger ones are kept"
_TROUBLE = "No line is lost and no visitor waits while <trouble>"
_SENDS_LINES = """
import logging, socket
class Sender(logging.Handler):
    def emit(self, record):
        with socket.create_connection(("opensearch.monitoring", 9200), 20) as store:
            store.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            store.recv(1)
logging.getLogger().addHandler(Sender())
"""
_BEFORE_STORE = '  action(\n    type="omelasticsearch"'
_LAST_OF_DOCUMENT = "  set $!document!message = $.text;\n"


@control(_ITEM, _FOUND, expects="1000 of 10000 lines were lost: 9, 19, 29,")
def every_tenth_line_dropped(saboteur: Saboteur) -> None:
    """Thin out the log, because the store was nearly full once."""
    drop = '  if $!document!sequence != "" and ($!document!sequence % 10) == 9 then stop\n'
    edit_shipper(saboteur, (_BEFORE_STORE, drop + _BEFORE_STORE))


@control(_ITEM, _FOUND, expects="10000 lines are stored twice: 0-9999")
def lines_sent_by_two_shippers(saboteur: Saboteur) -> None:
    """Let an old shipper run on beside the new one, with ids of its own."""
    copy = (
        '  action(type="omelasticsearch" server="opensearch.monitoring.svc" serverport="9200"\n'
        '    usehttps="on" tls.cacert="/etc/log-store/ca.crt" uid="log-shipper"\n'
        '    pwd=`echo $LOG_STORE_PASSWORD` searchType=""\n'
        '    template="document" searchIndex="index" dynSearchIndex="on"\n'
        '    bulkmode="on" bulkid="copy" dynbulkid="on")\n'
    )
    template = 'template(name="id"'
    other = 'template(name="copy" type="string" string="copy-%$.id%")\n'
    edit_shipper(saboteur, (template, other + template), (_BEFORE_STORE, copy + _BEFORE_STORE))


@control(_ITEM, _FOUND, expects=r"99 % of the lines were found within \d+\.\d s, not 5 s")
def lines_collected_every_twenty_seconds(saboteur: Saboteur) -> None:
    """Save processor time: look for new lines three times a minute."""
    edit_shipper(saboteur, ('mode="inotify"', 'mode="polling" pollingInterval="20"'))


@control("TASK-001-DOD-7", "A request is found in the log store", expects="has no line of")
@control(_ITEM, _REQUEST, expects="The log store has no entry of the request")
def a_namespace_left_out(saboteur: Saboteur) -> None:
    """Leave out the namespace of the system, whose log is the largest."""
    leave_out = '  if $.folder startswith "checkout_" then stop\n'
    edit_shipper(saboteur, (_BEFORE_STORE, leave_out + _BEFORE_STORE))


@control(_ITEM, _REQUEST, expects="its pod is 'backend' and should be 'backend-")
def the_pod_named_by_its_container(saboteur: Saboteur) -> None:
    """Store the name of the container as that of the pod: which of two it was is unknown."""
    edit_shipper(
        saboteur, ('$!document!pod = field($.folder, "_", 2)', "$!document!pod = $.container")
    )


@control(_ITEM, _REQUEST, expects="its level is 'notice' and should be 'info'")
def the_level_of_the_shipper(saboteur: Saboteur) -> None:
    """Store the level of the shipper, which is the same for every line."""
    edit_shipper(saboteur, ("$!document!level = $!json!level", '$!document!level = "notice"'))


@control(
    _ITEM,
    "A stack trace and a long line are one entry each",
    expects=r"What is 3 entries for its pod is \d+ in the log store",
)
def every_line_its_own_entry(saboteur: Saboteur) -> None:
    """Take each line of a file as an entry, as an example on the web does."""
    edit_shipper(saboteur, ("endmsg.regex=", 'startmsg.regex="^" # '), every=True)


@control(
    _ITEM,
    "A pod dies in the middle of a line",
    expects="The broken line .* is in the log store 0 times",
)
def only_json_is_kept(saboteur: Saboteur) -> None:
    """Drop what is not JSON as noise: the last words of a pod that dies are not."""
    drop = '  if not ($.text startswith "{") then stop\n'
    edit_shipper(saboteur, (_LAST_OF_DOCUMENT, _LAST_OF_DOCUMENT + drop))


@control(_ITEM, "A log is rotated", expects=r"\d+ of 10000 lines were lost: \d+")
def only_the_beginning_of_a_file(saboteur: Saboteur) -> None:
    """Ship the first 8 MiB of a file only, so that no pod floods the store."""
    drop = "  if $!metadata!fileoffset > 8388608 then stop\n"
    edit_shipper(saboteur, (_LAST_OF_DOCUMENT, _LAST_OF_DOCUMENT + drop))


@control(_ITEM, "The log shipper is killed", expects=r"\d+ of 10000 lines were lost: \d+")
def a_shipper_that_begins_at_the_end(saboteur: Saboteur) -> None:
    """Begin at the end of each file, so that a restart sends nothing again."""
    edit_shipper(
        saboteur, ('ruleset="pods" addMetadata', 'ruleset="pods" freshStartTail="on" addMetadata'),
        every=True,
    )  # fmt: skip


@control(
    _ITEM,
    f"{_TROUBLE} [the log store is away for 30 seconds]",
    expects=r"\d+ of 10000 lines were lost: \d+",
)
def a_shipper_that_gives_up(saboteur: Saboteur) -> None:
    """Try three times to send lines, and then drop them."""
    edit_shipper(saboteur, ('action.resumeRetryCount="-1"', 'action.resumeRetryCount="3"'))


@control(
    _ITEM,
    f"{_TROUBLE} [the disk of the log store is full]",
    expects=r"\d+ of 10000 lines were lost: \d+",
)
def refused_lines_are_forgotten(saboteur: Saboteur) -> None:
    """Let the shipper run on when the store refuses lines: its restarts woke somebody up."""
    edit_shipper(saboteur, ('    errorfile="/run/rsyslog/refused"\n', ""))


@control(
    _ITEM,
    f"{_TROUBLE} [another pod floods the log]",
    expects=r"\d+ of 10000 lines were lost: \d+",
)
def a_full_queue_drops_lines(saboteur: Saboteur) -> None:
    """Keep a short queue, and drop what does not fit, so that the shipper stays small."""
    edit_shipper(
        saboteur,
        ('queue.size="1000000"', 'queue.size="3000"'),
        ('queue.timeoutEnqueue="86400000"', 'queue.timeoutEnqueue="1"'),
    )


@control(
    _ITEM,
    f"{_TROUBLE} [the log store is slow]",
    expects=r"of the visitors waited up to \d+\.\d+ s, and 0\.\d+ s before",
)
def a_backend_that_asks_the_store(saboteur: Saboteur) -> None:
    """Let the backend send each line to the store itself too, and wait for the answer."""
    backend, store = _pods("backend"), _pods("opensearch")
    port = [{"protocol": "TCP", "port": 9200}]
    leave = {"to": [{"namespaceSelector": {}, "podSelector": store}], "ports": port}
    enter = {"from": [{"namespaceSelector": {}, "podSelector": backend}], "ports": port}
    for namespace, pods, rules in (
        ("", backend, {"policyTypes": ["Egress"], "egress": [leave]}),
        (MONITORING, store, {"policyTypes": ["Ingress"], "ingress": [enter]}),
    ):
        policy = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "backend-to-log-store"},
            "spec": {"podSelector": pods, **rules},
        }
        saboteur.create(policy, namespace=namespace)
    change_backend(saboteur, _SENDS_LINES)


def _pods(name: str) -> dict[str, dict[str, str]]:
    return {"matchLabels": {"app.kubernetes.io/name": name}}


@control(
    _ITEM, _EVERY_CONTAINER, expects=r"the log store has no line of checkout/backend-\S+/migrate"
)
def containers_that_prepare_a_pod_left_out(saboteur: Saboteur) -> None:
    """Leave out what every start of a pod writes."""
    leave_out = '  if $.container == "migrate" then stop\n'
    edit_shipper(saboteur, (_BEFORE_STORE, leave_out + _BEFORE_STORE))
    # What was stored before would hide it.
    saboteur.kubectl("rollout", "restart", "deployment/backend")
    saboteur.kubectl("rollout", "status", "deployment/backend", "--timeout=120s")


@control(_ITEM, _EVERY_CONTAINER, expects=r"the entries of \S+ are 0\.\d+ s or more away")
def times_without_fractions(saboteur: Saboteur) -> None:
    """Store whole seconds, so that nobody knows what came first."""
    old = "set $!document!@timestamp = $.time;"
    edit_shipper(saboteur, (old, 'set $!document!@timestamp = field($.time, ".", 1) & "Z";'))


@control(_ITEM, _WAITING, expects=r"\d+ of 2000 lines were lost")
def a_buffer_that_goes_with_its_pod(saboteur: Saboteur) -> None:
    """Keep the buffer of the shipper in a folder of its pod."""
    volume: dict[str, object] = {"name": "queue", "hostPath": None, "emptyDir": {}}
    change_program(
        saboteur, "rsyslog", {}, namespace="monitoring-agents", volumes=[volume], kind="daemonset"
    )


@control(_ITEM, _DELETION, expects=r"does not run every day: its schedule is 20 3 1 \* \*")
def a_deletion_once_a_month(saboteur: Saboteur) -> None:
    """Delete once a month what is deleted once a day, because it takes so long."""
    change = {"spec": {"schedule": "20 3 1 * *"}}
    saboteur.patch("cronjob/opensearch-retention", change, namespace=MONITORING)


@control(_ITEM, _DELETION, expects="logs of 14 days ago are gone")
def a_deletion_that_is_a_day_early(saboteur: Saboteur) -> None:
    """Count today as one of the days."""
    _keep_days(saboteur, "13")


@control(_ITEM, _DELETION, expects="logs of 15 days ago are kept")
def a_deletion_that_deletes_nothing(saboteur: Saboteur) -> None:
    """Keep everything for an investigation, and forget that."""
    _keep_days(saboteur, "400")


def _keep_days(saboteur: Saboteur, days: str) -> None:
    container = {"name": "opensearch-retention", "env": [{"name": "KEEP_DAYS", "value": days}]}
    spec = {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}}
    saboteur.patch("cronjob/opensearch-retention", {"spec": spec}, namespace=MONITORING)
