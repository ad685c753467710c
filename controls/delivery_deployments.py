"""Sabotages for the domain delivery: how the pipeline deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_WORKFLOWS = ".github/workflows"
_DEPLOYMENT = "operations/deployment"
_DEPLOYED = "A commit to the <part> is deployed, and no visitor notices"
_BACKEND, _FRONTEND = f"{_DEPLOYED} [backend]", f"{_DEPLOYED} [frontend]"


@control("TASK-004-AC-5", _BACKEND, expects="backend-.* runs .*, and not sha256:")
def nothing_is_deployed(saboteur: Saboteur) -> None:
    """Promote the image, and leave it to somebody else to deploy it."""
    edits.replace_in_commit(
        saboteur.repository(), "deploy.sh", ".venv/bin/python -m operations deploy", "echo would"
    )


@control("TASK-004-AC-5", _FRONTEND, expects="The pipeline has not deployed")
def frontend_is_not_deployed(saboteur: Saboteur) -> None:
    """Deploy the backend by itself, and the page when somebody thinks of it."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_WORKFLOWS}/frontend.yml",
        "vars.DEPLOY_CONTEXT != ''",
        "vars.DEPLOY_PAGE_TO != ''",
    )


@control("TASK-004-AC-5", _BACKEND, expects="Visitors met the old version for .* after the new one")
def both_versions_serve(saboteur: Saboteur) -> None:
    """Let the Service select every pod until the switch, so that new pods have visitors at once."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_DEPLOYMENT}/blue_green.py",
        "self._move(found.choice, blue.hash, Note(BEGUN,",
        'self._move(found.choice, "", Note(BEGUN,',
    )


@control("TASK-004-AC-5", _BACKEND, expects="requests failed during the deployment")
def visitors_before_the_pods_are_ready(saboteur: Saboteur) -> None:
    """Switch as soon as the new version is there: its pods are started already."""
    copy = saboteur.repository()
    edits.substitute(
        copy / _DEPLOYMENT / "blue_green.py",
        (r"        self\._watch\.await_ready\(.*\n", ""),
        (r"(?s)        with self\._preview\.visitor.*?smoke_test\(\)\n", '        fault = ""\n'),
    )
    edits.commit(copy, "Deploy faster")


@control("TASK-004-AC-5", _FRONTEND, expects="After the deployment the Service frontend selects")
def service_stays_with_one_version(saboteur: Saboteur) -> None:
    """Leave the Service with the version that was deployed: the next rollout has no visitor."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_DEPLOYMENT}/blue_green.py",
        'self._move(choice, "", None, before)',
        "self._move(choice, version.hash, None, before)",
    )


@control("TASK-004-AC-5", _FRONTEND, expects="Whoever deploys may get secrets in")
def deployer_reads_secrets(saboteur: Saboteur) -> None:
    """Let those who deploy read Secrets, because a chart once needed it."""
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    saboteur.patch("role/deployer", [{"op": "add", "path": "/rules/-", "value": rule}], kind="json")


@control("TASK-004-AC-5", _BACKEND, expects="deploys an image that its owner has not signed")
def refusal_lost_in_a_pipe(saboteur: Saboteur) -> None:
    """Show the promotion in the summary of the workflow; a shell knows the end of a pipe alone."""
    edits.replace_in_commit(
        saboteur.repository(), "deploy.sh", " --name production", " --name production | cat"
    )


@control("TASK-004-AC-5", _BACKEND, expects="runs the image from before in migrate")
def migrations_of_the_version_before(saboteur: Saboteur) -> None:
    """Give the new image to the container that serves, and not to the one that migrates."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_DEPLOYMENT}/command.py",
        'for kind in ("initContainers", "containers"):',
        'for kind in ("containers",):',
    )


@control("TASK-004-AC-5", _FRONTEND, expects="After the deployment the Deployment frontend has")
def deadline_of_decades(saboteur: Saboteur) -> None:
    """Leave the deadline of the deployment, by which no later rollout ever counts as failed."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_DEPLOYMENT}/blue_green.py",
        "        self._part.restore_deadline(note.settings)\n",
        "",
    )


@control("TASK-004-AC-5", _FRONTEND, expects="deploy.sh leaves files on the machine: .*kubeconfig")
def credentials_left_on_the_runner(saboteur: Saboteur) -> None:
    """Replace the shell by the last command, so that nothing cleans up behind it."""
    edits.replace_in_commit(
        saboteur.repository(),
        "deploy.sh",
        ".venv/bin/python -m operations deploy",
        "exec .venv/bin/python -m operations deploy",
    )
