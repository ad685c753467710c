from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.clusters import hardening
from acceptance.domains.compliance import components, network, rights
from acceptance.domains.compliance.assessment import Assessment, as_markdown
from acceptance.domains.compliance.drivers import node_shell as below
from acceptance.domains.compliance.drivers import secret_store
from acceptance.domains.compliance.drivers.node_shell import Inside, Unseen
from acceptance.domains.compliance.finding import Arguments, Finding, fault_of, without
from acceptance.domains.compliance.officer import ComplianceOfficer
from acceptance.domains.compliance.table import CHECKS, FILE, read_frameworks
from acceptance.domains.pod_security.standard import RULES, sample
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.settings import Timeouts
from tests.fakes.system import SYSTEM

STANDARD = tuple(RULES)[: tuple(RULES).index("writable_root")]


def test_every_check_is_used_and_every_control_has_one_or_a_reason() -> None:
    """A check that no control uses would be dead; a control with neither cannot be read."""
    controls = [each for framework in read_frameworks(ROOT) for each in framework.controls]
    assert len(controls) > 150
    assert {each.check for each in controls} - {""} == CHECKS.keys()
    # Each says something that could fail: a table without a word to compare with is refused.
    for each in controls:
        if each.check in {"flag", "kubelet"}:
            how = each.arguments.values
            values = (None, "x", how.get("has_not"), how.get("is_not"))
            assert any(fault_of(value, how) for value in values), each.id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('check = "own_namespace"', "has the check 'no_such'"),
        ('id = "5.6.1"', "one of them twice"),
        ("[[framework]]", "no table of controls"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, change: str, said: str) -> None:
    """A table that lost a control or a check by a mistake is no table."""
    text = (ROOT / FILE).read_text(encoding="utf-8")
    other = {"check": 'check = "no_such"', "id =": 'id = "5.6.2"'}.get(change[:5].strip(), "[[x]]")
    (tmp_path / "security").mkdir()
    (tmp_path / FILE).write_text(text.replace(change, other), encoding="utf-8")
    with pytest.raises(BrokenInput, match=said):
        read_frameworks(tmp_path)


@pytest.mark.parametrize(
    ("value", "how", "holds"),
    [
        ("false", {"is": "false"}, True),
        (None, {"is": "false", "default": "true"}, False),
        (None, {"is": "true", "default": "true"}, True),
        (None, {"set": True}, False),
        ("", {"set": True}, False),
        (None, {"unset": True}, True),
        ("x", {"unset": True}, False),
        ("Node,RBAC", {"has": "RBAC"}, True),
        ("NodeRBAC", {"has": "RBAC"}, False),
        (None, {"has_not": "AlwaysAdmit"}, True),
        ("AlwaysAdmit,X", {"has_not": "AlwaysAdmit"}, False),
        ("a,b", {"within": ["a", "b", "c"]}, True),
        ("a,d", {"within": ["a", "b", "c"]}, False),
        ("", {"within": ["a"]}, False),
        ("30", {"least": 30}, True),
        ("9", {"least": 10}, False),
        ("many", {"least": 10}, False),
        ("0s", {"is_not": "0s", "set": True}, False),
    ],
)
def test_a_setting_is_compared_as_the_table_says(
    value: str | None, how: dict[str, Any], *, holds: bool
) -> None:
    """A setting that is missing is never fine by itself."""
    assert (fault_of(value, how) is None) is holds


def test_a_comparison_that_cannot_fail_is_refused() -> None:
    """A word that is misspelt in the table would let everything pass."""
    with pytest.raises(BrokenInput, match="asks for nothing"):
        fault_of("x", {"equals": "y"})


@pytest.mark.parametrize("rule", STANDARD)
def test_each_sample_breaks_its_rule(rule: str) -> None:
    """And a pod without it holds to all rules of the standard but those that include it."""
    pod = sample(rule)
    broken = {each for each in STANDARD if RULES[each](pod)}
    related = {
        "host_process": set(STANDARD),
        "host_path": {"volume_types"},
        "added_capabilities": {"capabilities"},
        "privileged": {"escalation"},
        "seccomp_off": {"seccomp"},
        "is_root": {"may_be_root"},
    }
    assert rule in broken
    assert broken - {rule} <= related.get(rule, set())


def test_an_exception_excuses_what_it_names_and_nothing_else() -> None:
    """What is excused is told with its reason, and what is not stays a fault."""
    arguments = Arguments({}, {"a/helper-*": "it has to"})
    excused = without({"a/helper-1": "breaks it"}, arguments, "3 pods")
    assert excused == Finding("met", "3 pods", ("a/helper-1: it has to",))
    other = without({"a/helper-1": "breaks it", "b/x": "breaks it"}, arguments, "3 pods")
    assert (other.status, other.observed) == ("unmet", "b/x: breaks it")


def test_the_audit_policy_has_no_bodies_and_misses_nothing_that_matters() -> None:
    """What the clusters get holds to the control; a policy that records bodies does not."""
    look = _look(hardening.audit_policy())
    assert components.audit_policy(look, Arguments({}, {})).status == "met"
    everything = components.audit_policy(
        _look({"rules": [{"level": "RequestResponse"}]}), Arguments({}, {})
    )
    assert "secrets: RequestResponse" in everything.observed
    nothing = components.audit_policy(_look({"rules": [{"level": "None"}]}), Arguments({}, {}))
    assert (nothing.status, "secrets: None" in nothing.observed) == ("unmet", True)


def test_two_clusters_have_different_keys_and_no_clear_text() -> None:
    """A key of another run opens nothing, and no provider hands out what is not encrypted."""
    first, second = (hardening.encryption_configuration() for _ in range(2))
    assert first != second
    assert [list(each) for each in first["resources"][0]["providers"]] == [["secretbox"]]


def test_components_are_the_processes_of_the_node_and_not_of_its_containers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flags are read in each of their forms; the last of two counts."""
    parts = ["/opt/kube-apiserver", "--profiling=false", "--v", "2", "--on", "--v=3"]
    line = f"root {below._FIELD.join(parts)}"
    monkeypatch.setattr(below, "run", lambda *_, **__: SimpleNamespace(stdout=f"{line}\n"))
    (found,) = Inside(("enter",), timeout=1).named("kube-apiserver")
    assert found.user == "root"
    assert (found.get("profiling"), found.get("v"), found.get("on")) == ("false", "3", "true")
    assert found.get("audit-log-path") is None


def test_the_parts_of_k3s_are_read_from_its_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a component that was started twice, the last start counts."""
    journal = (
        'time="x" level=info msg="Running kube-apiserver --profiling=true --v=1"\n'
        'time="y" level=info msg="Running kube-apiserver --profiling=false --v=1"\n'
    )

    def run(argv: Any, **_: object) -> SimpleNamespace:  # noqa: ANN401
        inside = argv[0] == "enter"
        return SimpleNamespace(
            stdout="root /bin/k3s\x1fserver\n" if inside else "", stderr="" if inside else journal
        )

    monkeypatch.setattr(below, "run", run)
    node = Inside(("enter",), ("journal",), timeout=1)
    assert node.named("kube-apiserver")[0].get("profiling") == "false"
    assert node.runs("k3s")


def test_a_node_that_nobody_can_enter_is_unseen_and_not_empty() -> None:
    """What the API declares is seen all the same; everything else is not."""
    node = Inside((), timeout=1, declared={"kube-apiserver": ["kube-apiserver", "--profiling"]})
    assert node.named("kube-apiserver")[0].get("profiling") == "true"
    for look in (lambda: node.named("etcd"), lambda: node.files("/etc"), lambda: node.read("/x")):
        with pytest.raises(Unseen):
            look()
    with pytest.raises(Unseen):
        Inside((), timeout=1).runs("kube-proxy")


def test_the_kernel_says_who_listens_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of both families, and connections that are not listening left out."""
    text = (
        "  sl  local_address rem_address   st\n"
        "   0: 0100007F:2811 00000000:0000 0A\n"
        "   1: 0200E70A:2811 0100E70A:9000 01\n"
        "   2: 00000000000000000000000000000000:2811 0:0 0A\n"
    )
    monkeypatch.setattr(below, "run", lambda *_, **__: SimpleNamespace(stdout=text))
    assert Inside(("enter",), timeout=1).listening(10257) == ("127.0.0.1", "::")


def test_the_store_of_k3s_is_read_with_its_last_revisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Secret that was deleted is none, and of one that was changed the last value counts."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE kine (id INTEGER, name TEXT, deleted INTEGER, value BLOB)")
        rows = [
            (1, "/registry/secrets/a/x", 0, b"clear"),
            (2, "/registry/secrets/a/x", 0, b"k8s:enc:aescbc:v1:key:..."),
            (3, "/registry/secrets/a/gone", 0, b"clear"),
            (4, "/registry/secrets/a/gone", 1, b"clear"),
            (5, "/registry/configmaps/a/x", 0, b"clear"),
        ]
        database.executemany("INSERT INTO kine VALUES (?, ?, ?, ?)", rows)
        database.commit()
    (tmp_path / "state.db-wal").write_bytes(b"")
    monkeypatch.setattr(secret_store, "_SQLITE", str(tmp_path))
    node = Inside(("env",), timeout=10, declared={"kube-apiserver": ["kube-apiserver", "--v=1"]})
    monkeypatch.setattr(Inside, "named", lambda *_: (below.Component("kube-apiserver", "", ()),))
    (found,) = secret_store.secrets_in_store(node)
    assert (found.key, found.encrypted) == ("/registry/secrets/a/x", True)
    assert found.provider == "k8s:enc:aescbc:v1"


def test_a_subject_added_to_a_binding_of_kubernetes_own_is_seen() -> None:
    """The label of a binding excuses its own subjects, and nobody who was put beside them."""
    label = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    binding = {
        "metadata": {"name": "cluster-admin", "labels": label},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [
            {"kind": "Group", "name": "system:masters"},
            {"kind": "Group", "name": "system:authenticated"},
            {"kind": "ServiceAccount", "name": "default", "namespace": "kube-system"},
        ],
    }
    role = {
        "metadata": {"name": "cluster-admin", "labels": label},
        "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    }
    objects = {"ClusterRole": (role,), "ClusterRoleBinding": (binding,)}
    look: Any = SimpleNamespace(objects=lambda kind: objects.get(kind, ()))
    asked = Arguments({"verbs": "get", "group": "", "resources": "secrets"}, {})
    found = rights.may(look, asked)
    assert found.status == "unmet"
    assert "Group system:authenticated" in found.observed
    assert "ServiceAccount kube-system/default" in found.observed
    assert "system:masters" not in found.observed
    assert rights.cluster_admin(look, Arguments({}, {})).status == "unmet"


@pytest.mark.parametrize(
    ("selector", "types", "status"),
    [
        ({}, ["Ingress", "Egress"], "met"),
        ({"matchLabels": {"app": "x"}}, ["Ingress", "Egress"], "met"),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, ["Ingress"], "unmet"),
        ({"matchLabels": {"app": "y"}}, ["Ingress", "Egress"], "unmet"),
        (
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]},
            ["Ingress", "Egress"],
            "unmet",
        ),
    ],
)
def test_a_pod_is_isolated_by_the_policies_that_choose_it(
    selector: dict[str, Any], types: list[str], status: str
) -> None:
    """In both directions, or it is not."""
    where = {"namespace": "a", "name": "p"}
    pod = {"metadata": {**where, "labels": {"app": "x"}}, "spec": {}}
    policy = {"metadata": where, "spec": {"podSelector": selector, "policyTypes": types}}
    objects = {"Pod": (pod,), "NetworkPolicy": (policy,)}
    look: Any = SimpleNamespace(objects=lambda kind: objects[kind])
    assert network.isolated(look, Arguments({}, {})).status == status


def test_an_assessment_is_red_for_what_is_unmet_and_unverified_for_what_nobody_saw() -> None:
    """Each names the controls, and the evidence has all of them."""
    framework = next(each for each in read_frameworks(ROOT) if each.name.startswith("CIS"))
    kept: dict[str, str] = {}
    system = replace(SYSTEM, driver="existing")
    officer = ComplianceOfficer(
        system,
        _Nobody(),  # type: ignore[arg-type]
        keep=lambda title, content, *_: kept.update({title: str(content)}),
        tell_secrets=lambda _: None,
        timeouts=Timeouts(),
    )
    found = officer.hold(framework.name)
    assert len(found.results) == len(framework.controls)
    assert found.having("met") == []
    with pytest.raises(Unverifiable, match=r"131 controls .*nobody can look.*: 1\.1\.1"):
        officer.judge_seen(found)
    assert kept[f"Controls of {framework.name}"].count("| unverified |") > 100
    red = Assessment(framework, (*found.results[:1], _unmet(found)))
    with pytest.raises(AssertionError, match=r"1 of 2 controls .* 1\.1\.2 .*\(seen\)"):
        officer.judge_met(red)
    assert "| unmet | seen |" in as_markdown(red, system)


class _Nobody:
    """A cluster whose API says nothing."""

    def items(self, path: str) -> list[Any]:
        """Refuse."""
        raise Unseen(f"{path} is forbidden")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Refuse."""
        raise Unseen(f"{name} is forbidden")


def _unmet(found: Assessment) -> Any:  # noqa: ANN401
    result = found.results[1]
    return type(result)(result.control, Finding("unmet", "seen"))


def _look(policy: dict[str, Any]) -> Any:  # noqa: ANN401
    server = SimpleNamespace(get=lambda _: "/policy")
    node = SimpleNamespace(named=lambda _: (server,), read=lambda _: json.dumps(policy))
    return SimpleNamespace(node=node)
