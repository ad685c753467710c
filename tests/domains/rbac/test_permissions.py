from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from acceptance.build.manifests import name_of
from acceptance.domains.pod_security.drivers import admission
from acceptance.domains.rbac.drivers import permissions
from acceptance.domains.rbac.drivers.permissions import Binding, Resource, Right, Subject
from acceptance.domains.rbac.permission_table import COLUMNS, Grant, grants_of, read_access_table
from acceptance.domains.rbac.permissions import Answers, PermissionInspector
from acceptance.drivers.container_inspection import parse_inspection
from acceptance.errors import BrokenInput
from acceptance.project import ROOT

SECRETS = Resource("", "secrets", namespaced=True, verbs=("get", "list"))
NODES = Resource("", "nodes", namespaced=False, verbs=("get",))
SCALE = Resource("apps", "deployments/scale", namespaced=True, verbs=("patch",))
OTHERS = tuple(Resource(group, "events", True, ("get",)) for group in ("", "events.k8s.io"))  # noqa: FBT003
KNOWN = (SECRETS, NODES, SCALE, *OTHERS)
BACKEND = Subject("service account backend", "system:serviceaccount:shop:backend", ())
OPERATOR = Subject("role operator", "somebody", ("operators",))
ROWS = [
    COLUMNS,
    ("everybody", "get", "/version, /api/*", "everywhere"),
    ("service account backend", "nothing else", "", ""),
    ("role operator", "get", "secrets(key), events", "here"),
    ("role operator", "patch", "deployments/scale", "here"),
]
PATHS = ("/version", "/api/v1", "/metrics")
ASKED = permissions.rights(KNOWN, PATHS, {("", "secrets", "key")}, ("shop", "default"))
EVERYBODYS = {Right("get", "", "/version", ""), Right("get", "", "/api/v1", "")}
OPERATORS = {
    *EVERYBODYS,
    Right("get", "", "secrets", "shop", "key"),
    Right("get", "", "events", "shop"),
    Right("patch", "apps", "deployments/scale", "shop"),
}


def judge(
    rows: Sequence[Sequence[str]],
    *,
    backend: set[Right] = EVERYBODYS,
    operator: set[Right] = OPERATORS,
    bindings: tuple[Binding, ...] = (),
) -> None:
    """Hold what a made-up cluster allows against a table."""
    system: Any = SimpleNamespace(namespace="shop")
    nobody: Any = None
    allowed = {
        "everybody": frozenset(EVERYBODYS),
        BACKEND.who: frozenset(backend),
        OPERATOR.who: frozenset(operator),
    }
    subjects = (Subject("everybody", "somebody", ()), BACKEND, OPERATOR)
    answers = Answers(subjects, bindings, KNOWN, ASKED, allowed, 1.0)
    PermissionInspector(system, nobody, keep=nobody).judge_table(answers, grants_of(rows))


def test_what_the_table_grants_and_nothing_else_is_right() -> None:
    """A part of a resource, one object, a path with a star: each is exactly what it says."""
    assert len(ASKED) == 3 * 2 * 2 + 1 + 3 + 2 * 3 + 2 * 3
    judge(ROWS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"backend": {*EVERYBODYS, Right("list", "", "secrets", "")}},
            "the service account backend may list secrets in the whole cluster, which nobody",
        ),
        (
            {"operator": {*OPERATORS, Right("get", "", "secrets", "shop")}},
            "the role operator may get secrets in shop, which nobody granted",
        ),
        (
            {"operator": {*OPERATORS, Right("get", "", "/metrics", "")}},
            "may get /metrics of the API server, which nobody granted",
        ),
        (
            {"operator": OPERATORS - {Right("patch", "apps", "deployments/scale", "shop")}},
            "the role operator may not patch deployments.apps/scale in shop, which is granted",
        ),
        (
            {"bindings": (Binding("night", "view", "User", "mallory", ""),)},
            "the role binding night gives view to the User mallory",
        ),
    ],
)
def test_each_difference_from_the_table_is_worded(change: dict[str, Any], said: str) -> None:
    """Too much, too little, and somebody who is in no row."""
    with pytest.raises(AssertionError, match=said):
        judge(ROWS, **change)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:2], "has no row for the role operator"),
        ([*ROWS, ("role pilot", "nothing else", "", "")], "the role pilot, which nobody has here"),
        ([*ROWS, ("everybody", "get", "planes", "here")], "planes, which the API server does not"),
    ],
)
def test_a_table_about_somebody_else_is_a_fault(rows: Sequence[Sequence[str]], said: str) -> None:
    """A row that is missing, one too many, and a resource that does not exist."""
    with pytest.raises(AssertionError, match=said):
        judge(rows)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [COLUMNS],
        [("who", "may"), ("everybody", "get")],
        [COLUMNS, ("everyone", "get", "pods", "here")],
        [COLUMNS, ("everybody", "get", "", "here")],
        [COLUMNS, ("everybody", "get", "pods", "there")],
        [COLUMNS, ("role a", "nothing else", "pods", "")],
    ],
)
def test_a_table_that_nobody_can_read_is_broken_input(rows: Sequence[Sequence[str]]) -> None:
    """No row, other columns, other words: a right that was not understood is not left out."""
    with pytest.raises(BrokenInput):
        grants_of(rows)


def test_the_table_of_the_feature_is_the_one_that_is_read() -> None:
    """Documentation gets the rows that the scenario proves."""
    assert Grant("role operator", ("delete",), ("pods",), "here") in read_access_table(ROOT)


def test_a_look_inside_is_read_without_those_who_look() -> None:
    """Processes, own addresses, tries, names of variables and tokens come out of the script."""
    status = (
        "Name:\t{0}\nPPid:\t{1}\nUid:\t7\t7\t7\t7\nGid:\t8\t8\t8\t8\nGroups:\t8 9 \n"
        + "".join(
            f"{each}:\t0000000000000400\n"
            for each in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        )
    )
    ending = "NoNewPrivs:\t1\nSeccomp:\t2\nns/net: net:[42]\n"
    said = (
        "== shell 30\n== hostname\nweb-0\n== addresses\n  |-- 10.0.0.0\n     /24 link UNICAST\n"
        "  |-- 10.0.0.7\n     /32 host LOCAL\n== write /dev/shm\n"
        "== write /\nsh: Read-only file system\n"
        "== variables\nHOME\n== tokens\n/run/token\n"
        f"== process 1\n{status.format('web', 0)}{ending}"
        f"== process 30\n{status.format('sh', 0)}{ending}"
        f"== process 31\n{status.format('cat', 30)}{ending}"
    )
    found = parse_inspection("web-0", "web", said)
    assert (found.hostname, found.addresses) == ("web-0", ("10.0.0.7",))
    assert found.writes == (("/dev/shm", ""), ("/", "sh: Read-only file system"))
    assert (found.variables, found.tokens) == (("HOME",), ("/run/token",))
    (process,) = found.processes
    assert (process.pid, process.name, process.users) == (1, "web", (7, 7, 7, 7))
    assert process.groups == (8, 8, 8, 8, 8, 9)
    assert dict(process.capabilities)["CapBnd"] == 0x400
    assert (process.no_new_privileges, process.seccomp, found.namespace("net")) == (
        True,
        2,
        "net:[42]",
    )


def test_a_forbidden_pod_differs_from_the_harmless_one_by_the_field_only() -> None:
    """A value is set, an empty one takes the field away, and an ephemeral container is added."""
    row = ("restricted", "root", "securityContext.allowPrivilegeEscalation", "", "container", "a")
    added = (*row[:3], "true", "ephemeral container", "a")
    gone, grown = admission.attacks_of([admission.COLUMNS, row, added])
    harmless, bad = admission.harmless(gone, "1").body, admission.forbidden(gone, "1").body
    context = harmless["spec"]["containers"][0]["securityContext"]
    assert context.pop("allowPrivilegeEscalation") is False
    assert harmless == bad
    request = admission.forbidden(grown, "1")
    assert request.ephemeral
    (container,) = request.body["spec"]["ephemeralContainers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is True
    with pytest.raises(BrokenInput, match="cannot be read"):
        admission.attacks_of([admission.COLUMNS, (*row[:4], "sidecar", "a")])


def test_an_image_has_a_name_without_tag_and_digest() -> None:
    """The port of a registry is no tag."""
    digest = "@sha256:" + "0" * 64
    for reference in ("a:5000/b", "a:5000/b:1", f"a:5000/b{digest}", f"a:5000/b:1{digest}"):
        assert name_of(reference) == "a:5000/b"


def committed(*kinds: str) -> list[dict[str, Any]]:
    """Every object of these kinds in the manifests."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = [
        each
        for path in (ROOT / "manifests").rglob("*.yaml")
        for each in yaml.load_all(path.read_text(encoding="utf-8"), loader)
        if each and each.get("kind") in kinds
    ]
    assert found
    return found


def test_no_role_has_a_wildcard_and_nobody_is_an_administrator() -> None:
    """Also not the platform's; only the ingress reads Secrets, and who makes its certificates."""
    for role in committed("Role", "ClusterRole"):
        for rule in role["rules"]:
            assert not [each for values in rule.values() for each in values if "*" in each], role
            name = role["metadata"]["name"]
            assert "secrets" not in rule["resources"] or name in {"traefik-ingress", "cert-manager"}
    for binding in committed("RoleBinding", "ClusterRoleBinding"):
        assert binding["roleRef"]["name"] not in {"cluster-admin", "admin", "edit"}


def test_every_namespace_enforces_a_standard_of_a_fixed_version() -> None:
    """An upgrade of the cluster changes no rule; one namespace mounts folders of the node."""
    for namespace in committed("Namespace"):
        labels = namespace["metadata"]["labels"]
        if namespace["metadata"]["name"] == "local-path-storage":
            assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
            continue
        for mode in ("enforce", "audit", "warn"):
            assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
            assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "v1.34"
