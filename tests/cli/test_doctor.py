from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from acceptance import machine
from acceptance.cli import doctor
from acceptance.cli.doctor import diagnose, missing_on_machine, report
from acceptance.clusters import why_unavailable
from acceptance.machine import EMBEDDED_NEEDS, MachineFacts, Need, is_there, look_at_machine
from acceptance.settings import Settings, load_settings
from acceptance.setup.host import missing_packages

NEEDS = frozenset(need.name for need in EMBEDDED_NEEDS)

LAPTOP = MachineFacts(
    system="linux",
    architecture="x86_64",
    distribution="debian",
    python=(3, 11),
    root=True,
    found=NEEDS | {"apt-get", "certutil", "chromium", "docker", "k3d"},
    engine="docker",
    engine_problem="",
    free_gib=50.0,
    memory_gib=16.0,
)
"""A machine that has everything."""

SERVER = replace(
    LAPTOP,
    found=LAPTOP.found - {"docker", "k3d"},
    engine=None,
    engine_problem="neither docker nor podman is installed",
)
"""A machine for the embedded cluster only."""

MACHINES = {
    "laptop": LAPTOP,
    "server": SERVER,
    "fresh": replace(SERVER, found=frozenset({"apt-get"})),
    "user": replace(SERVER, root=False),
    "mac": replace(LAPTOP, system="darwin", distribution="", found=frozenset({"docker", "k3d"})),
    "stopped docker": replace(LAPTOP, engine=None, engine_problem="docker does not answer"),
    "podman": replace(LAPTOP, engine="podman"),
    "no runc": replace(LAPTOP, found=LAPTOP.found - {"runc"}),
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that name a cluster which exists."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    (tmp_path / "kube").touch()
    (tmp_path / "pyproject.toml").write_text(
        "[tool.acceptance]\nkubeconfig = 'kube'\ncontext = 'staging'\n"
    )
    return load_settings(tmp_path)


def printed(facts: MachineFacts, settings: Settings, chosen: str = "auto") -> tuple[str, bool]:
    """Return what the doctor says, and whether the chosen cluster can run."""
    stream = io.StringIO()
    console = Console(file=stream, soft_wrap=True, highlight=False)
    able = report(console, facts, diagnose(facts, settings), chosen)
    return stream.getvalue(), able


@pytest.mark.parametrize("facts", MACHINES.values(), ids=MACHINES.keys())
@pytest.mark.parametrize("driver", ["k3d", "embedded"])
def test_the_doctor_and_the_run_agree(facts: MachineFacts, driver: str, settings: Settings) -> None:
    """What the doctor calls available is what a run takes, on every kind of machine."""
    found = {diagnosis.name: diagnosis.available for diagnosis in diagnose(facts, settings)}
    assert found[driver] == (why_unavailable(driver, settings, facts) is None)


def test_a_machine_with_everything_can_run_all(settings: Settings) -> None:
    """Nothing is named as missing, and auto takes the first."""
    text, able = printed(LAPTOP, settings)
    assert able
    assert "missing" not in text
    assert "can run here, on k3d" in text


def test_auto_falls_to_the_embedded_cluster(settings: Settings) -> None:
    """Without Docker and k3d the embedded one is taken; both lacks are told with a remedy."""
    text, able = printed(SERVER, settings)
    assert able
    assert "can run here, on embedded" in text
    assert "missing: k3d\n    remedy: install k3d 5.5 or newer" in text
    assert "missing: docker\n    remedy: install Docker Engine" in text


@pytest.mark.parametrize("need", EMBEDDED_NEEDS, ids=lambda need: need.name)
def test_each_missing_program_is_named_with_its_package(need: Need, settings: Settings) -> None:
    """The remedy is a command that can be pasted."""
    facts = replace(SERVER, found=SERVER.found - {need.name})
    (requirement,) = diagnose(facts, settings)[1].missing
    assert requirement.what.startswith(f"{need.name}, which ")
    assert requirement.remedy.endswith(f"apt-get install --no-install-recommends {need.package}")


def test_all_lacks_are_told_at_once(settings: Settings) -> None:
    """Nobody should install one thing only to be told of the next."""
    fresh = diagnose(MACHINES["fresh"], settings)[1]
    assert len(fresh.missing) == len(EMBEDDED_NEEDS)


def test_without_root_or_apt_nothing_is_promised(settings: Settings) -> None:
    """The remedy does not say that make does what it cannot do here."""
    user = diagnose(replace(MACHINES["user"], found=frozenset({"apt-get"})), settings)[1]
    assert user.missing[0].remedy == "sudo make acceptance"
    assert not any("installs it" in requirement.remedy for requirement in user.missing)
    other = diagnose(replace(SERVER, found=frozenset()), settings)[1]
    assert all("by this system's means" in requirement.remedy for requirement in other.missing)


def test_a_machine_that_can_run_nothing_says_so(settings: Settings) -> None:
    """`existing` is never taken by auto, although it is available here."""
    text, able = printed(MACHINES["fresh"], settings)
    assert not able
    assert "cannot run here yet" in text
    assert "existing: available" in text
    assert printed(MACHINES["user"], settings, "existing")[1]


def test_an_existing_cluster_has_to_be_named(tmp_path: Path, settings: Settings) -> None:
    """Neither a context nor a kubeconfig is guessed."""
    nameless = replace(settings, context=None, kubeconfig=tmp_path / "gone")
    context, kubeconfig = diagnose(LAPTOP, nameless)[2].missing
    assert "never guessed" in context.what
    assert str(tmp_path / "gone") in kubeconfig.what


@pytest.mark.parametrize(
    ("facts", "what", "remedy"),
    [
        (replace(LAPTOP, python=(3, 10)), "this is 3.10", "PYTHON=python3.12"),
        (replace(LAPTOP, free_gib=2.0), "2.0 GiB are free", "XDG_CACHE_HOME"),
        (replace(LAPTOP, memory_gib=1.9), "there are 1.9", "CLUSTER=existing"),
        (replace(LAPTOP, found=NEEDS), "visitor's browser", "apt-get install chromium"),
        (
            replace(LAPTOP, found=LAPTOP.found - {"certutil"}),
            "trust the run's authority",
            "libnss3-tools",
        ),
        (
            replace(LAPTOP, found=NEEDS, distribution="ubuntu"),
            "visitor's browser",
            "playwright install",
        ),
    ],
)
def test_what_every_cluster_needs_is_told_first(
    facts: MachineFacts, what: str, remedy: str, settings: Settings
) -> None:
    """A machine with a cluster but without space, memory or a browser is not ready either."""
    (requirement,) = missing_on_machine(facts)
    assert what in requirement.what
    assert remedy in requirement.remedy
    text, able = printed(facts, settings)
    assert not able
    assert "lacks what is named at the top" in text


def test_the_host_packages_are_what_the_cluster_lacks() -> None:
    """Set-up installs the embedded cluster's programs only where that cluster will be used."""
    fresh = MACHINES["fresh"]
    packages = missing_packages(fresh, "auto")
    assert packages.count("containerd") == 1
    wanted = {need.package for need in EMBEDDED_NEEDS}
    assert set(packages) == wanted | {"chromium", "libnss3-tools", "postgresql"}
    assert missing_packages(fresh, "existing") == ["chromium", "libnss3-tools", "postgresql"]
    with_k3d = replace(LAPTOP, found=frozenset({"apt-get", "docker", "k3d"}))
    assert missing_packages(with_k3d, "auto") == ["chromium", "libnss3-tools"]
    assert missing_packages(LAPTOP, "embedded") == []


def test_nobody_is_stopped_for_want_of_postgresql() -> None:
    """Without it the integration tests are unverified; whoever may not install goes on."""
    fresh = MACHINES["fresh"]
    assert "postgresql" not in missing_packages(replace(fresh, root=False), "existing")
    assert "postgresql" not in missing_packages(replace(fresh, found=frozenset()), "existing")
    with_docker = replace(fresh, engine="docker")
    assert "postgresql" not in missing_packages(with_docker, "existing")


def test_ubuntu_gets_no_chromium_package() -> None:
    """There it is a snap, which cannot be installed in a container."""
    ubuntu = replace(MACHINES["fresh"], distribution="ubuntu")
    assert "chromium" not in missing_packages(ubuntu, "auto")


def program(folder: Path, name: str, script: str) -> None:
    """Put a shell script into a folder of PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_an_engine_counts_only_if_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A docker command without its daemon is told in the daemon's own words."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "SERVER_PATH", ())
    program(tmp_path, "docker", "echo 'Cannot connect to the daemon.' >&2; exit 1")
    facts = look_at_machine(tmp_path)
    assert facts.engine is None
    assert facts.engine_problem == "docker does not answer: Cannot connect to the daemon"
    program(tmp_path, "podman", "echo linux")
    assert look_at_machine(tmp_path).engine == "podman"
    program(tmp_path, "docker", "echo id")
    facts = look_at_machine(tmp_path)
    assert (facts.engine, facts.engine_problem) == ("docker", "")
    assert {"docker", "podman"} <= facts.found


def test_facts_of_this_machine_are_plausible(tmp_path: Path) -> None:
    """The real look finds a Python, some memory and some space, also for a folder not made yet."""
    facts = look_at_machine(tmp_path / "not" / "made")
    assert facts.python >= (3, 11)
    assert facts.memory_gib > 0
    assert facts.free_gib > 0


def test_a_need_may_be_a_file(tmp_path: Path) -> None:
    """Plugins and certificates are no programs."""
    need = Need("plugin", "package", "does", str(tmp_path / "plugin"))
    assert not is_there(need)
    (tmp_path / "plugin").touch()
    assert is_there(need)


@pytest.mark.parametrize(("facts", "code"), [(LAPTOP, 0), (MACHINES["fresh"], 69)])
def test_the_exit_code_tells_whether_a_run_can_start(
    facts: MachineFacts,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Scripts ask the doctor too."""
    monkeypatch.setattr(doctor, "look_at_machine", lambda _: facts)
    monkeypatch.delenv("CLUSTER", raising=False)
    assert doctor.main() == code
    assert "This machine: linux x86_64 (debian)" in capsys.readouterr().out


def test_broken_settings_are_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor is asked when something is wrong, so it must not fall over it."""
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    assert doctor.main() == 65
    assert "cannot be read" in capsys.readouterr().err
