"""The incident responder: has only the written page, and a pod that is suspected."""

from __future__ import annotations

import base64
import hashlib
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require, require_each
from acceptance.runbooks.checks import judge_recent, judge_whole
from acceptance.runbooks.reader import date_in, duration_in, line_with, read_procedure
from acceptance.runbooks.runner import run_script, write_kubeconfig
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.runbooks.reader import Procedure

PAGE = "docs/operations/incident-response.md"
"""Where the procedure is written, in the repository."""

_SECTIONS = (
    *("Purpose", "Roles", "Severity", "Contact", "Contain", "Preserve evidence", "Remove"),
    *("Recover", "Afterwards", "Drill record"),
)
_MARKS = ("quarantine", "revoke", "preserve", "check", "remove", "recover")
"""The marks of its commands, in the order in which they are typed."""
_ROLES = ("incident lead", "responder", "scribe", "speaker")
_SEVERITIES = ("SEV1", "SEV2", "SEV3")
_KEPT = (
    *("pod.yaml", "objects.yaml", "events.yaml", "log.txt", "log-of-all.txt"),
    *("processes.txt", "connections.txt", "tmp.tar"),
)
_SEAL = "SHA256SUMS"
_POLICY = "quarantine"
_SHORTEST_SECRET = 6


@dataclass(frozen=True)
class Quarantine:
    """A pod that was taken out of the traffic, and the state right afterwards."""

    suspect: PodFacts
    serving: tuple[str, ...]
    """The pods of the workload that serve then."""
    alive: bool
    """Whether the suspect still runs, to be looked at."""
    policies: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A file of the evidence that was preserved."""

    name: str
    size: int
    sealed: bool
    """Whether its hash is the one in the list of hashes."""
    secrets: int
    """How many secret values of the system it holds."""


class IncidentResponder(ClusterActor):
    """Somebody who was told that a pod behaves oddly."""

    _folder: Path | None = None

    def read_page(self) -> Procedure:
        """Read the procedure. Judges that there is one."""
        text = self._written()
        self._keep("The procedure", text, "text")
        return read_procedure(text)

    def judge_complete(self, page: Procedure) -> None:
        """Every section is there and says something, and so do all commands."""
        judge_whole(page, PAGE, _SECTIONS, _MARKS)

    def judge_roles(self, page: Procedure) -> None:
        """Every role is given to somebody, and every severity has a time to answer in."""
        roles, severities = page.section("Roles"), page.section("Severity")
        require_each(
            _ROLES,
            lambda role: None if role in roles else f"{PAGE} gives nobody the role {role}",
            nothing="No role is asked for.",
        )

        def late(severity: str) -> str | None:
            after = severities.partition(severity)[2]
            own = min((after.partition(other)[0] for other in _SEVERITIES), key=len)
            return None if duration_in(own) else f"{PAGE} has no time to answer for {severity}"

        require_each(_SEVERITIES, late, nothing="No severity is asked for.")

    def judge_drilled(self, page: Procedure) -> None:
        """The last drill is no older than the page itself allows."""
        record = page.section("Drill record")
        every, last = duration_in(line_with(record, "Drill")), date_in(record)
        require(every, f'The Drill record in {PAGE} has no line "Drill: every …".')
        require(last, f"The Drill record in {PAGE} has no date, such as 2026-01-31.")
        assert every is not None and last is not None
        judge_recent(last, every, PAGE, "drill")

    def suspect(self) -> PodFacts:
        """Choose a backend pod that serves, as if it behaved oddly."""
        pods = [pod for pod in self._pods(self.system.workloads.backend) if pod.serving]
        require(len(pods) > 1, "There are not two backend pods that serve: one can't be spared.")
        return pods[0]

    def quarantine(self, suspect: PodFacts) -> Quarantine:
        """Follow the page to contain a suspect: out of the traffic, cut off, its sessions ended."""
        self._prepare(suspect)
        for mark in ("quarantine", "revoke"):
            self._follow(mark, suspect)
        namespace = self.system.namespace
        policies = self._cluster.items(
            f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
        )
        done = Quarantine(
            suspect,
            self.serving(self.system.workloads.backend),
            any(pod.uid == suspect.uid and pod.phase == "Running" for pod in self._all()),
            tuple(each["metadata"]["name"] for each in policies),
        )
        self._keep("After the quarantine", pretty(asdict(done)))
        return done

    def judge_contained(self, done: Quarantine) -> None:
        """The suspect runs on, apart, and others do its work at full strength."""
        require(done.alive, f"{done.suspect.name} runs no more, so it can't be looked at.")
        require(
            done.suspect.name not in done.serving,
            f"{done.suspect.name} still counts as a pod of the backend.",
        )
        require(len(done.serving) > 1, f"Only {done.serving} serve in its place.")
        require(_POLICY in done.policies, "No policy keeps the suspect from others.")

    def preserve(self, suspect: PodFacts) -> tuple[Kept, ...]:
        """Follow the page to keep what is known of the suspect, and look at what was kept."""
        for mark in ("preserve", "check"):
            self._follow(mark, suspect)
        assert self._folder is not None
        folder = self._folder / f"incident-{suspect.name}"
        seal = folder / _SEAL
        lines = seal.read_text(encoding="utf-8").splitlines() if seal.is_file() else []
        sealed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        secrets = self._secrets()
        kept = []
        for path in sorted(each for each in folder.glob("*") if each.name != _SEAL):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            held = sum(secret in content for secret in secrets)
            kept.append(Kept(path.name, len(content), sealed.get(path.name) == digest, held))
        self._keep("What was preserved", pretty([asdict(each) for each in kept]))
        return tuple(kept)

    def judge_preserved(self, kept: tuple[Kept, ...]) -> None:
        """Everything that the page promises is there, sealed, and holds no secret."""
        by_name = {each.name: each for each in kept}

        def fault(name: str) -> str | None:
            if name not in by_name or not by_name[name].size:
                return f"the evidence has no {name}, or nothing in it"
            if not by_name[name].sealed:
                return f"{name} is not what its hash says, or has none"
            return f"{name} holds a secret value" if by_name[name].secrets else None

        require_each(sorted({*_KEPT, *by_name}), fault, nothing="No evidence is asked for.")

    def remove(self, suspect: PodFacts) -> None:
        """Follow the page to the end; nothing of the incident is left in the system."""
        for mark in ("remove", "recover"):
            self._follow(mark, suspect)
        left = [pod.name for pod in self._all() if pod.uid == suspect.uid]
        require(not left, f"{suspect.name} is still there after its removal.")

    def _written(self) -> str:
        path = Path(self.system.repository) / PAGE
        require(path.is_file(), f"There is no {PAGE}.")
        return path.read_text(encoding="utf-8")

    def _follow(self, mark: str, suspect: PodFacts) -> None:
        """Type the commands with a mark into a shell. Judges that they end well."""
        commands = read_procedure(self._written()).script(mark)
        require(commands.strip(), f"{PAGE} has no commands to {mark}.")
        assert self._folder is not None
        environment = {
            "KUBECONFIG": str(self._folder.parent / "kubeconfig"),
            "NAMESPACE": self.system.namespace,
            "POD": suspect.name,
        }
        ran = run_script(commands, self._folder, environment, timeout=self._timeouts.procedure)
        lines = [commands, f"--- wrote, in {ran.seconds:.1f} s:", ran.said, ran.failure]
        self._keep(f"The written {mark}", "\n".join(lines), "text")
        require(ran.succeeded, f"The {mark} as written fails: {ran.failure}")

    def _prepare(self, suspect: PodFacts) -> None:
        """Make a folder to work in, and see to it that the suspect is gone at the end."""
        scratch = self._undo.enter_context(tempfile.TemporaryDirectory(prefix="incident-"))
        self._undo.callback(self._mend, suspect)
        source, limit = Path(self.system.kubeconfig), self._timeouts.command
        write_kubeconfig(source, self.system.context, Path(scratch) / "kubeconfig", timeout=limit)
        self._folder = Path(scratch) / "evidence"
        self._folder.mkdir()

    def _mend(self, suspect: PodFacts) -> None:
        """Leave no suspect, no policy of the incident, and a system at full strength."""
        namespace = self.system.namespace
        policies = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
        self._cluster.delete(f"{policies}/{_POLICY}")
        if any(pod.uid == suspect.uid for pod in self._all()):
            self._cluster.delete(api_path("pods", namespace, suspect.name))
        with self._waking() as wake:
            eventually(
                lambda: (self._workloads(), self._all()),
                lambda seen: (
                    all(each.full for each in seen[0])
                    and not any(pod.uid == suspect.uid for pod in seen[1])
                ),
                timeout=self._timeouts.recovery,
                wake=wake,
                what="the system at full strength after the incident",
                describe=lambda seen: "; ".join(str(each) for group in seen for each in group),
            )

    def _all(self) -> tuple[PodFacts, ...]:
        return self._cluster.pods(self.system.namespace)

    def _secrets(self) -> set[bytes]:
        found = self._cluster.secrets(self.system.namespace).values()
        values = {base64.b64decode(value) for each in found for value in each.values()}
        return {each for each in values if len(each) >= _SHORTEST_SECRET}
