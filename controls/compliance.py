"""The controls of TASK-002-DOD-3: published lists of controls, and Secrets below the API."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import compliance as do

_ITEM = "TASK-002-DOD-3"
_PODS = (_ITEM, "The running cluster holds to the Pod Security Standard")
_GUIDE = (_ITEM, "The running cluster holds to the hardening guide of NSA and CISA")
_BENCHMARK = (_ITEM, "The running cluster holds to the benchmark of the CIS")
_STORE = (_ITEM, "Secrets are unreadable in the cluster's store")
_RECORD = (_ITEM, "Who read a Secret is recorded")

CONTROLS = (
    Control(
        *_PODS,
        do.a_privileged_pod,
        r"baseline-privileged No privileged containers \(kube-tools/debug: breaks it\)",
    ),
    Control(
        *_PODS,
        do.admission_without_a_profile,
        r"6 of 20 controls .* restricted-seccomp .*\(checkout: such a pod would be let in\)",
    ),
    Control(
        *_GUIDE,
        do.a_record_for_everybody,
        r"audit-protected .*audit\.log 644",
    ),
    Control(
        *_GUIDE,
        do.a_weak_api_server,
        r"network-tls .*:6444 agrees to TLSv1.*auth-anonymous .*--anonymous-auth is true",
    ),
    Control(
        *_BENCHMARK,
        do.a_wildcard_role,
        r"5\.1\.3 .*ClusterRole everything: has a wildcard",
    ),
    Control(
        *_BENCHMARK,
        do.rights_for_the_default_account,
        r"5\.1\.5 .*checkout/default: has the rights of ClusterRole edit",
    ),
    Control(
        *_BENCHMARK,
        do.a_node_nobody_can_enter,
        r"could not be looked at \(.*no kube-apiserver can be seen in the API: .*1\.2\.1,",
        verdict="unverified",
    ),
    Control(
        *_STORE,
        do.a_secret_in_clear_text,
        r"1 of \d+ Secrets lie in the store in clear text: /registry/secrets/checkout/restored",
    ),
    Control(
        *_RECORD,
        do.an_api_server_that_records_nothing,
        r"was read and the record does not say so: it has 0 lines",
    ),
    Control(*_RECORD, do.a_record_of_everything, "The record holds the value of compliance-"),
)
