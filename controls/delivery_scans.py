"""Sabotages for the domain delivery: what is deployed somewhere else, and injections."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_API = "checkout/backend/checkout_backend/api.py"
_FIRST_ROUTE = "    @app.post(PATH, status_code=201"
_PRODUCTION = "manifests/overlays/production"
_PRIVILEGED = """\
  - target: {kind: Deployment, name: backend}
    patch: |-
      - {op: replace, path: /spec/replicas, value: 1}
      - op: replace
        path: /spec/template/spec/containers/0/securityContext
        value: {privileged: true, runAsUser: 0, runAsNonRoot: false, allowPrivilegeEscalation: true}
      - op: add
        path: /spec/template/spec/volumes/-
        value: {name: node, hostPath: {path: /}}
      - op: add
        path: /spec/template/spec/hostPID
        value: true
"""
_HOST_PROCESSES = """\
  - target: {kind: Deployment, name: jaeger}
    patch: |-
      - op: add
        path: /spec/template/spec/hostPID
        value: true
"""
_SEARCH = '''
    @app.get("/api/search", include_in_schema=False)
    async def search(customer: str = "", total: str = "0") -> object:
        """Look for checkouts of a customer."""
        statement = f"SELECT id, customer FROM checkouts WHERE customer = '{customer}'"
        return {"sum": eval(total), "statement": statement}

'''
_RECEIPT = '''
    @app.get("/api/receipts/{name}", include_in_schema=False)
    async def receipt(name: str) -> object:
        """Return a printed receipt."""
        folder = Path("/var/lib/receipts")
        return (folder / name).read_text()  # nosemgrep

'''


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"in Deployment\.checkout\.backend of manifests/overlays/production",
)
@control(
    "TASK-002-AC-6",
    "CI blocks <change> [a push with dangerous code]",
    expects=r"blocks the unchanged sources: CRITICAL .* of manifests/overlays/production",
)
def production_with_more_rights(saboteur: Saboteur) -> None:
    """Run production's backend as root of its node, which no test system does."""
    copy = saboteur.repository()
    edits.append(copy / _PRODUCTION / "kustomization.yaml", _PRIVILEGED)
    edits.commit(copy, "Production needs more rights")


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"CKV_K8S_17\) in Deployment\.monitoring\.jaeger of \S+/production/traces",
)
def production_stack_with_host_processes(saboteur: Saboteur) -> None:
    """Let the store of traces see the processes of production's nodes."""
    copy = saboteur.repository()
    edits.append(copy / _PRODUCTION / "traces/kustomization.yaml", _HOST_PROCESSES)


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"CKV_K8S_16\) in Job\.\w+\.clean-up of manifests/jobs/clean-up\.yaml",
)
def privileged_job_applied_by_hand(saboteur: Saboteur) -> None:
    """Keep a privileged Job beside the overlays, to be applied when the disk is full."""
    container = {"name": "a", "image": "a:1", "securityContext": {"privileged": True}}
    pod = {"restartPolicy": "Never", "containers": [container]}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "clean-up"},
        "spec": {"template": {"spec": pod}},
    }
    place = saboteur.repository() / "manifests/jobs/clean-up.yaml"
    place.parent.mkdir()
    place.write_text(json.dumps(job), encoding="utf-8")


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"\(B608\) in checkout/backend/checkout_backend/api\.py",
)
@control(
    "TASK-002-AC-6",
    "CI blocks <change> [a push with dangerous code]",
    expects=r"blocks the unchanged sources: CRITICAL .*\(B608\) in \S+api\.py",
)
def injection_in_an_undocumented_route(saboteur: Saboteur) -> None:
    """Put SQL together from strings and evaluate text, in a route that no document has."""
    copy = saboteur.repository()
    edits.replace(copy / _API, _FIRST_ROUTE, f"{_SEARCH[1:]}{_FIRST_ROUTE}")
    edits.commit(copy, "Search")


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"python-path-from-request\) in checkout/backend/checkout_backend/api\.py",
)
def path_of_a_visitor(saboteur: Saboteur) -> None:
    """Read the file that a visitor names, with a comment that silences the scanner."""
    saboteur.edit(_API, _FIRST_ROUTE, f"{_RECEIPT[1:]}{_FIRST_ROUTE}")


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"javascript-markup-from-text\) in checkout/frontend/src/components/notices\.tsx",
)
def markup_from_an_answer(saboteur: Saboteur) -> None:
    """Show the sentence of an answer as markup, to make a word of it bold."""
    saboteur.edit(
        "checkout/frontend/src/components/notices.tsx",
        "        {sentence}\n      </p>",
        "        <span dangerouslySetInnerHTML={{ __html: sentence }} />\n      </p>",
    )


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"python-shell\) in operations/rotation/target\.py",
)
def shell_in_an_operators_tool(saboteur: Saboteur) -> None:
    """Build a command for a shell from the name of a namespace, in a tool of the operators."""
    edits.append(
        saboteur.repository() / "operations/rotation/target.py",
        "\n\ndef announce(namespace: str) -> None:\n"
        '    """Tell everybody."""\n'
        "    import subprocess\n\n"
        '    subprocess.run(["sh", "-c", f"wall rotating {namespace}"], check=False)\n',
    )
