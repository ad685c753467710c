from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from acceptance.settings import Timeouts, Workloads, load_settings


def project(folder: Path, table: str) -> Path:
    """Make `folder` a project with this pyproject.toml."""
    (folder / "pyproject.toml").write_text(table, encoding="utf-8")
    return folder


def test_an_empty_project_gets_the_defaults(tmp_path: Path) -> None:
    """A team that configures nothing gets what the documentation says."""
    settings = load_settings(project(tmp_path, ""))
    assert (settings.cluster, settings.host, settings.namespace) == (
        "auto",
        "checkout.local",
        "checkout",
    )
    assert settings.tracker == tmp_path / "tracker.md"
    assert settings.workloads == Workloads("backend", "frontend", "database")
    assert settings.timeouts == Timeouts()
    assert settings.images == ()
    assert settings.kubeconfig is None
    assert settings.context is None


def test_this_project_shows_the_defaults_as_they_are() -> None:
    """The commented table in pyproject.toml claims to hold the defaults, so it has to."""
    settings = load_settings(ROOT)
    bare = ("cluster", "host", "namespace", "workloads", "timeouts", "kubeconfig", "context")
    shown = {name: getattr(settings, name) for name in bare}
    assert shown == {
        "cluster": "auto",
        "host": "checkout.local",
        "namespace": "checkout",
        "workloads": Workloads(),
        "timeouts": Timeouts(),
        "kubeconfig": None,
        "context": None,
    }
    assert settings.tracker == ROOT / "tracker.md"
    assert settings.reports == ROOT / "reports"


def test_a_team_names_a_system_of_its_own(tmp_path: Path) -> None:
    """Overlay, workloads, images and deadlines come from the table, with paths made absolute."""
    settings = load_settings(
        project(
            tmp_path,
            """
            [tool.acceptance]
            cluster = "existing"
            overlay = "deploy/all"
            kubeconfig = "kube/config"
            context = "staging"
            [tool.acceptance.overlays]
            k3d = "deploy/k3d"
            [tool.acceptance.workloads]
            backend = "api"
            [tool.acceptance.images]
            "localhost/api" = "src/api"
            "localhost/web" = {context = ".", dockerfile = "web.Dockerfile"}
            [tool.acceptance.timeouts]
            rollout = 300
            """,
        )
    )
    assert settings.overlay_for("k3d") == tmp_path / "deploy/k3d"
    assert settings.overlay_for("existing") == tmp_path / "deploy/all"
    assert settings.kubeconfig == tmp_path / "kube/config"
    assert settings.context == "staging"
    assert settings.workloads == Workloads(backend="api")
    assert settings.timeouts.rollout == 300.0
    api, web = settings.images
    assert (api.name, api.dockerfile) == ("localhost/api", tmp_path / "src/api/Dockerfile")
    assert (web.context, web.dockerfile) == (tmp_path, tmp_path / "web.Dockerfile")


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("[tool.acceptance]\nclutser = 'k3d'", "unknown key clutser: did you mean cluster?"),
        (
            "[tool.acceptance]\ncluster = 'minikube'",
            "one of auto, k3d, embedded, existing, not 'minikube'",
        ),
        ("[tool.acceptance]\nhost = ''", "host has to be a text that is not empty, not ''"),
        ("[tool.acceptance]\noverlay = 3", "overlay has to be a text that is not empty, not 3"),
        ("[tool.acceptance]\nworkloads = 'backend'", "workloads has to be a table"),
        ("[tool.acceptance.workloads]\nbackand = 'b'", "did you mean backend?"),
        ("[tool.acceptance.overlays]\nauto = 'x'", "unknown key auto: known: embedded"),
        ("[tool.acceptance.timeouts]\nrollout = -1", "rollout has to be a number of seconds"),
        ("[tool.acceptance.timeouts]\nrollout = true", "rollout has to be a number of seconds"),
        (
            "[tool.acceptance.images]\na = {dockerfile = 'x'}",
            "[tool.acceptance.images.a] has no context",
        ),
        ("[tool.acceptance.images]\na = 3", "context has to be a text that is not empty, not 3"),
        ("[tool.acceptance]\nroot = '/x'", "unknown key root"),
        ("[tool.acceptance]\ncluster = 'k4d'", "did you mean k3d?"),
        ("[tool.acceptance.timeouts]\nrollout = inf", "rollout has to be a number of seconds"),
        ("[tool]\nacceptance = 3", "[tool.acceptance] has to be a table"),
        ("[tool.acceptance", "is not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, table: str, complaint: str) -> None:
    """A mistyped setting stops the run, instead of being a default that nobody asked for."""
    with pytest.raises(BrokenInput) as caught:
        load_settings(project(tmp_path, table))
    assert complaint in caught.value.message
    assert caught.value.message.startswith(str(tmp_path / "pyproject.toml"))


def test_a_folder_without_pyproject_is_refused(tmp_path: Path) -> None:
    """Started in the wrong folder, the suite says so."""
    with pytest.raises(BrokenInput, match="Run this in the folder of the project"):
        load_settings(tmp_path)
