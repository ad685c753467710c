from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.network import NetworkPolicyEvaluator, parse_any_address
from acceptance.domains.network.computation.evaluated_pods import evaluated_pods
from acceptance.domains.network.computation.evaluator import ComputedConnections, with_manifests
from acceptance.domains.network.drivers import read_policy_objects
from acceptance.domains.network.plan.known_places import KnownPlaces
from acceptance.drivers.kubernetes.network_policies.policy import NotUnderstood, parse_policies
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable
from tests.fakes.rendered_cluster import RenderedCluster, rendered
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = ["pods", "ports"]
OF_SYSTEM = parse_any_address([HEAD, ["ingress", "443 6443"], ["DNS", "53 53/udp 443 6443"]])
OF_MONITORING = parse_any_address(
    [HEAD, ["Prometheus", "443 6443 10250"], ["Alertmanager", "443"], ["cert-manager", "443 6443"]]
)
LABEL = "app.kubernetes.io/name"
NAME = "kubernetes.io/metadata.name"


@pytest.fixture(scope="module")
def plain() -> RenderedCluster:
    """A cluster with the system alone."""
    return rendered("embedded")


@pytest.fixture
def cluster(plain: RenderedCluster) -> RenderedCluster:
    """The same, to be changed."""
    return deepcopy(plain)


@pytest.fixture(scope="module")
def monitored() -> RenderedCluster:
    """A cluster with all stacks."""
    return rendered("k3d", "k3d/metrics", "k3d/logs", "k3d/traces")


def evaluator(
    cluster: RenderedCluster, keep: Callable[..., None] = lambda *_: None
) -> NetworkPolicyEvaluator:
    """Return the actor on a cluster; nothing is built, so no image is named."""
    return NetworkPolicyEvaluator(context_of(replace(SYSTEM, images=()), cluster, keep=keep))


def computed(cluster: RenderedCluster) -> ComputedConnections:
    """Return what is computed for the system."""
    actor = evaluator(cluster)
    return actor.compute_of_system(actor.read_tables(), OF_SYSTEM)


def test_the_manifests_allow_what_the_tables_plan(
    plain: RenderedCluster, monitored: RenderedCluster
) -> None:
    """With the monitoring and without it, in both directions, and the evidence says all of it."""
    for each in (plain, monitored):
        kept: list[str] = []
        actor = evaluator(each, lambda _, text, __, to=kept: to.append(text))
        tables = actor.read_tables()
        found = actor.compute_of_system(tables, OF_SYSTEM)
        actor.assert_planned_allowed(found)
        actor.assert_nothing_else_allowed(found)
        assert "backend pods → database pods: TCP 5432" in kept[0]
        assert "DNS pods → every address: TCP 53, 443, 6443 and UDP 53" in kept[0]
        watching = actor.compute_of_monitoring(tables, OF_MONITORING)
        actor.assert_planned_allowed(watching)
        if each is monitored:
            actor.assert_nothing_else_allowed(watching)
        else:
            with pytest.raises(Unverifiable, match="no Alertmanager is deployed here"):
                actor.assert_nothing_else_allowed(watching)


def test_ports_of_any_address_are_only_those_of_the_plan(plain: RenderedCluster) -> None:
    """What is not in the table is not planned, and what is in it has to be allowed."""
    actor = evaluator(plain)
    tables = actor.read_tables()
    found = actor.compute_of_system(tables, {})
    assert "DNS pods may reach 0.0.0.0/0 but 10.96.0.1 and ::/0" in " ".join(found.unplanned)
    more = parse_any_address([HEAD, ["ingress", "443 6443"], ["DNS", "53 53/udp 443 6443 853"]])
    (missing,) = actor.compute_of_system(tables, more).missing
    assert missing.startswith("DNS pods may not reach any address on TCP 853, which the plan has")
    with pytest.raises(BrokenInput, match="No table of connections has nobody"):
        actor.compute_of_system(tables, parse_any_address([HEAD, ["nobody", "1"]]))
    with pytest.raises(BrokenInput, match='has to begin with "pods" and "ports"'):
        parse_any_address([["who", "ports"]])


def allowed(cluster: RenderedCluster, **spec: Any) -> str:  # noqa: ANN401
    """Return what is not planned after a policy was added."""
    selector = {"matchLabels": {LABEL: spec.pop("to")}} if "to" in spec else {}
    types = [each.capitalize() for each in spec]
    cluster.add(
        "NetworkPolicy",
        "new",
        "checkout",
        spec={"podSelector": selector, "policyTypes": types, **spec},
    )
    return "\n".join(computed(cluster).unplanned)


def test_an_ingress_that_is_open_to_a_workload_is_seen(cluster: RenderedCluster) -> None:
    """Only a pod that exists in another namespace is let in, by its label and namespace."""
    peer = {
        "namespaceSelector": {"matchLabels": {NAME: "cert-manager"}},
        "podSelector": {"matchLabels": {LABEL: "cert-manager"}},
    }
    rule = {"from": [peer], "ports": [{"port": 443}]}
    said = "cert-manager pods may reach database pods on TCP 443, which the plan does not have"
    assert said in allowed(cluster, to="database", ingress=[rule])


def test_a_namespace_with_a_label_that_none_has_is_seen(cluster: RenderedCluster) -> None:
    """Whoever may label a namespace would open the database."""
    rule = {"from": [{"namespaceSelector": {"matchLabels": {"team": "reports"}}}]}
    found = allowed(cluster, to="database", ingress=[rule])
    assert "pods in a namespace with team=reports, which does not exist yet may reach" in found


def test_a_block_of_pods_is_seen_for_addresses_and_for_pods(cluster: RenderedCluster) -> None:
    """A network plugin may take the addresses of pods for it."""
    rule = {"from": [{"ipBlock": {"cidr": "10.244.0.0/16"}}], "ports": [{"port": 443}]}
    found = allowed(cluster, to="database", ingress=[rule])
    assert re.search(
        r"10\.244\.0\.0/16, cert-manager pods .*may reach database pods on TCP 443", found
    )


def test_nodes_may_always_connect(cluster: RenderedCluster) -> None:
    """A policy that lets them in allows nothing that is not allowed anyway."""
    rule = {"from": [{"ipBlock": {"cidr": "10.231.0.2/32"}}]}
    assert not allowed(cluster, ingress=[rule])


def test_a_workload_that_no_table_knows_may_do_nothing(cluster: RenderedCluster) -> None:
    """Its pods count as unlabelled ones, also while it has none."""
    labels = {LABEL: "reports", "checkout.network/dns": "allowed"}
    template: Any = {"metadata": {"labels": labels}, "spec": {"containers": [{}]}}
    job = {"jobTemplate": {"spec": {"template": template}}}
    cluster.add("CronJob", "reports", "checkout", spec=job)
    (found,) = computed(cluster).unplanned
    assert found.startswith(
        "pods like checkout/reports may reach DNS pods on TCP 5353 and UDP 5353"
    )
    template["spec"]["hostNetwork"] = True
    on_node = computed(cluster)
    assert on_node.unrestricted == ("checkout/reports",)
    with pytest.raises(AssertionError, match="checkout/reports uses the network of its node"):
        evaluator(cluster).assert_nothing_else_allowed(on_node)


def test_a_second_version_of_a_workload_is_that_workload(cluster: RenderedCluster) -> None:
    """Another label does not make it somebody else, but policies may tell it apart."""
    old = deepcopy(cluster.pod_objects("checkout", "backend")[0])
    old["metadata"]["labels"].update({"version": "2", "pod-template-hash": "7f"})
    cluster.pods.append(old)
    assert not computed(cluster).unplanned
    peer = {"ipBlock": {"cidr": "192.0.2.0/24"}}
    found = {"podSelector": {"matchLabels": {"version": "2"}}, "policyTypes": ["Egress"]}
    cluster.add("NetworkPolicy", "two", "checkout", spec={**found, "egress": [{"to": [peer]}]})
    assert "backend pods may reach 192.0.2.0/24" in " ".join(computed(cluster).unplanned)


def test_other_kinds_of_policies_leave_it_unverified(cluster: RenderedCluster) -> None:
    """Their definitions alone do not; an object of such a kind does."""
    kind = {"responseKind": {"kind": "CiliumNetworkPolicy"}, "resource": "ciliumnetworkpolicys"}
    version = {"version": "v2", "resources": [kind]}
    cluster.kinds.append({"metadata": {"name": "cilium.io"}, "versions": [version]})
    assert not computed(cluster).unplanned
    cluster.add("CiliumNetworkPolicy", "more", "checkout")
    with pytest.raises(NotUnderstood, match="CiliumNetworkPolicy checkout/more"):
        computed(cluster)


def test_nothing_is_proved_without_pods() -> None:
    """An empty computation is no sound one."""
    empty = ComputedConnections((), (), (), (), ())
    actor = evaluator(RenderedCluster([]))
    for judge in (actor.assert_planned_allowed, actor.assert_nothing_else_allowed):
        with pytest.raises(AssertionError, match="no pod whose connections are planned"):
            judge(empty)


def test_pods_are_invented_for_everybody_whom_a_peer_selects(plain: RenderedCluster) -> None:
    """One without labels in each namespace and in a new one; no pod twice that is treated alike."""
    objects = read_policy_objects(plain.client)
    policies = parse_policies(objects.policies, objects.other_policies)
    invented = [
        (each.namespace, {**each.labels})
        for each in evaluated_pods(objects, policies, KnownPlaces({}))
        if each.invented
    ]
    namespaces = {each["metadata"]["name"] for each in objects.namespaces}
    assert {name for name, labels in invented if not labels} >= namespaces
    assert ("acceptance-new-namespace", {}) in invented
    assert invented.count(("kube-system", {})) == 1
    assert ("kube-system", {LABEL: "database"}) not in invented


def test_staging_is_judged_from_its_manifests(plain: RenderedCluster) -> None:
    """Its namespace gets the label that Kubernetes would set."""
    named = {"kind": "Namespace", "metadata": {"name": "s"}}
    empty = replace(read_policy_objects(plain.client), namespaces=(), templates=(), policies=())
    found = with_manifests(empty, (named,))
    assert found.namespaces[0]["metadata"]["labels"] == {NAME: "s"}
    assert any("staging" in each.title for each in computed(plain).judged)


def test_a_namespace_that_is_being_deleted_is_nobodys_place(cluster: RenderedCluster) -> None:
    """The scenario before may have used it, and the API server lets nothing new into it."""
    cluster.add("Namespace", "leaving", "", labels={})
    assert "leaving" in names_of(cluster)
    going = cluster.find("Namespace", "leaving", "")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert "leaving" not in names_of(cluster)


def names_of(cluster: RenderedCluster) -> set[str]:
    """Return the names of the namespaces that are evaluated."""
    return {each["metadata"]["name"] for each in read_policy_objects(cluster.client).namespaces}
