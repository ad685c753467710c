"""Probe pods: they listen, log what arrives, and connect where they are told to."""

from acceptance.domains.network.drivers.endpoints import (
    ServiceAddress,
    api_servers,
    main_node,
    name_server,
    namespaces_with_endpoints,
    service_addresses,
    target_ports,
)
from acceptance.domains.network.drivers.outside_listener import OutsideListener, address_towards
from acceptance.domains.network.drivers.policies import allow_policy, network_policy
from acceptance.domains.network.drivers.policy_objects import (
    PolicyObjects,
    declared_ports,
    pod_addresses,
    read_policy_objects,
    template_of,
)
from acceptance.domains.network.drivers.probe_fleet import Arrival, ProbeFleet
from acceptance.domains.network.drivers.probe_pods import (
    PROBE_LABEL,
    Probe,
    ProbePlacement,
    exposing_service,
    probe_pod,
)
from acceptance.domains.network.drivers.sender import (
    REACHED,
    ConnectionTarget,
    connect_all,
    dns_query,
    tagged_payload,
)

__all__ = [
    "PROBE_LABEL",
    "REACHED",
    "Arrival",
    "ConnectionTarget",
    "OutsideListener",
    "PolicyObjects",
    "Probe",
    "ProbeFleet",
    "ProbePlacement",
    "ServiceAddress",
    "address_towards",
    "allow_policy",
    "api_servers",
    "connect_all",
    "declared_ports",
    "dns_query",
    "exposing_service",
    "main_node",
    "name_server",
    "namespaces_with_endpoints",
    "network_policy",
    "pod_addresses",
    "probe_pod",
    "read_policy_objects",
    "service_addresses",
    "tagged_payload",
    "target_ports",
    "template_of",
]
