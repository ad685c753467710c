"""Pushes a commit, has the pipeline deploy it, and watches the visitors meanwhile."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.domains.delivery.deployer_rights import DEPLOYERS, rights_of
from acceptance.domains.delivery.deployments import Deployment, DeploymentInspector
from acceptance.domains.delivery.drivers.client_certificates import group_kubeconfig
from acceptance.domains.delivery.drivers.proposals import REPOSITORY, Proposal
from acceptance.domains.delivery.drivers.statements import SigningKey
from acceptance.domains.delivery.node_images import bring_image, require_node
from acceptance.domains.delivery.part_commits import release
from acceptance.domains.delivery.part_pipeline import PartPipelineTester
from acceptance.domains.delivery.team_repository import MAIN
from acceptance.domains.delivery.version_samples import LANES, VersionSampler, version_of
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import CheckoutApi
from acceptance.drivers.kubernetes.client import Kubernetes, pretty
from acceptance.drivers.kubernetes.connection import JSON_PATCH
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.exit_codes import UNMET
from acceptance.judgement import Unverifiable, listed, require
from acceptance.process import run, tail, workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.delivery.drivers.image_registry import ImageRegistry
    from acceptance.domains.delivery.part_commits import PartCommit
    from acceptance.domains.delivery.version_samples import Samples
    from acceptance.drivers.http import Reply

_SHOWN_LINES = 12
_CONTEXT, _KEEP_SECONDS = "deployer", "15"
_HASH = "pod-template-hash"
_KEPT = ("progressDeadlineSeconds", "strategy", "template")
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class HandRun:
    """What came of `deploy.sh`, run by a person."""

    code: int
    output: str
    left: tuple[str, ...]
    """The temporary files that it has left."""
    version: str
    """The hash of the version that the Deployment has afterwards."""


class CommitDeployer(PartPipelineTester, DeploymentInspector):
    """Is a developer whose commits the pipeline deploys, in the system's own namespace."""

    def push_and_deploy(self, part: str) -> Deployment:
        """Push a sound commit to a part, and return when its workflow has ended.

        Visitors come from when the image is in the registry. Raises `Unverifiable` if no image can
        be brought to a node of this cluster, or nobody can be let into the group of deployers.
        """
        require_node(self.system)
        workload = self.system.named(part)
        self._restore_afterwards(workload)
        pods, place = self._pods(workload), self._place(workload)
        before = frozenset(version_of(pod.name) for pod in pods)
        images = frozenset(pod.main.image_id for pod in pods)
        ended = threading.Event()
        with workers(1) as pool:
            bringing = pool.submit(self._bring, part, self._images(), ended)
            try:
                pushed = self._push(release(part), (part,))
            finally:
                ended.set()
                sampler = bringing.result()
                samples = sampler.stop() if sampler else None
        if samples is None:
            self.assert_built(pushed, part)
            raise Unverifiable(f"The image of the {part} did not come to the registry.")
        self._keep("Visitors while it was deployed", pretty(_summary(samples)))
        return Deployment(pushed, samples, before, images, place)

    def deploy_by_hand(self, deployment: Deployment, *, signed: bool) -> HandRun:
        """Have a person deploy the image once more with `deploy.sh`.

        Unless it is `signed`, the person has the public key of somebody else.
        """
        pushed, registry = deployment.pushed, deployment.pushed.registry
        with tempfile.TemporaryDirectory(prefix="acceptance-deploy-") as temporary:
            left = Path(temporary) / "left"
            left.mkdir()
            key = self._key if signed else SigningKey()
            done = run(
                [
                    str(pushed.folder / "deploy.sh"),
                    pushed.part,
                    f"{registry.address}/{pushed.image.name}@{pushed.image.digest}",
                ],
                timeout=self._timeouts.workflow,
                env={
                    **self._variables(registry),
                    "DEPLOY_KUBECONFIG": self._settings()["DEPLOY_KUBECONFIG"],
                    "SIGNING_PUBLIC_KEY": key.public,
                    "GITHUB_REPOSITORY": REPOSITORY,
                    "TMPDIR": str(left),
                },
                accepted=range(256),
            )
            files = tuple(str(each.relative_to(left)) for each in sorted(left.rglob("*")))
        pods = self._pods(self.system.named(pushed.part))
        hashes = sorted({version_of(pod.name) for pod in pods if not pod.deleting})
        found = HandRun(done.code, done.stdout + done.stderr, files, " ".join(hashes))
        self._keep("deploy.sh by hand", pretty(asdict(found)))
        return found

    def assert_deploys_by_hand(self, deployment: Deployment) -> None:
        """A person gets the same result with `deploy.sh`, and none with an image nobody has signed.

        Neither leaves a credential on the machine.
        """
        other = self.deploy_by_hand(deployment, signed=False)
        require(
            other.code == UNMET and "its signature: " in other.output,
            f"deploy.sh deploys an image that its owner has not signed: {tail(other.output, 3)}",
        )
        same = self.deploy_by_hand(deployment, signed=True)
        require(
            same.code == 0 and same.version == other.version,
            f"deploy.sh does not do by hand what the pipeline has done: {tail(same.output, 3)}",
        )
        left = [*other.left, *same.left]
        require(not left, f"deploy.sh leaves files on the machine: {listed(left)}.")

    def assert_may_nothing_else(self) -> None:
        """Whoever deploys is in the group of deployers alone, and may not do what others do."""
        with tempfile.TemporaryDirectory(prefix="acceptance-deployer-") as temporary:
            path = Path(temporary) / "kubeconfig"
            path.touch(mode=0o600)
            path.write_text(self._settings()["DEPLOY_KUBECONFIG"], encoding="utf-8")
            with closing(Kubernetes(path, _CONTEXT, timeout=self._timeouts.api)) as client:
                rights = rights_of(client, self.system.namespace)
        self._keep("What the deployer may", pretty(asdict(rights)))
        faults = rights.faults
        require(not faults, f"Whoever deploys {listed(faults)}.")

    def _variables(self, registry: ImageRegistry) -> dict[str, str]:
        system = self.system
        return {
            **super()._variables(registry),
            "DEPLOY_CONTEXT": _CONTEXT,
            "DEPLOY_NAMESPACE": system.namespace,
            "DEPLOY_ADDRESS": f"{system.address}:{system.port}",
            "DEPLOY_AUTHORITY": system.authority,
            "DEPLOY_KEEP": _KEEP_SECONDS,
            "SIGNING_PUBLIC_KEY": self._key.public,
        }

    def _settings(self) -> dict[str, str]:
        if not self._kubeconfig:
            self._kubeconfig = group_kubeconfig(
                self._cluster,
                name=f"acceptance-deployer-{self.system.run}",
                group=DEPLOYERS,
                context=_CONTEXT,
                timeout=self._timeouts.certificate,
            )
            self._context.tell_secrets([self._kubeconfig])
        return {**super()._settings(), "DEPLOY_KUBECONFIG": self._kubeconfig}

    _kubeconfig = ""

    def _bring(
        self, part: str, registry: ImageRegistry, ended: threading.Event
    ) -> VersionSampler | None:
        """Bring the image to the node once it is in the registry, as the node would pull it.

        Then let visitors come. Returns None if there is no image when the pipeline has ended.
        """
        while not ended.wait(_PAUSE_SECONDS):
            found = [each for each in registry.images() if each.name.endswith(part)]
            if found:
                name = f"{registry.address}/{found[0].name}"
                limit = self._timeouts.image_delivery
                bring_image(self.system, registry, found[0], name, timeout=limit)
                return VersionSampler([self._visitor(part) for _ in range(LANES)])
        return None

    def _visitor(self, part: str) -> Callable[[], Reply]:
        """Return somebody who reads what a part serves."""
        http = reach(self.system, timeout=self._timeouts.request)
        self._undo.callback(http.close)
        return partial(CheckoutApi(http, self.system.contract).visit, part)

    def _commit(self, commit: PartCommit, copy: Path) -> None:
        """Commit the change, and another one to no part: both are pushed at once."""
        super()._commit(commit, copy)
        with (copy / "README.md").open("a", encoding="utf-8") as readme:
            readme.write("\n")
        proposal = Proposal("push", f"refs/heads/{MAIN}", "Correct a page", path="")
        proposal.commit(copy, timeout=self._timeouts.command)

    def _restore_afterwards(self, workload: str) -> None:
        """Have the part be again what it was, when the scenario ends."""
        namespace = self.system.namespace
        deployment = api_path("deployments", namespace, workload)
        service = api_path("services", namespace, workload)
        before = self._cluster.read(deployment)
        if before is None:
            raise AssertionError(f"There is no Deployment {workload} that could be deployed anew.")
        fields = {key: before["spec"][key] for key in _KEPT if key in before["spec"]}
        fields |= {"minReadySeconds": before["spec"].get("minReadySeconds", 0), "paused": False}
        selector, notes = self._selector(workload), _notes(self._cluster.read(service))

        def restore() -> None:
            found = _notes(self._cluster.read(service))
            annotations = {**dict.fromkeys(found), **notes}
            spec = {"selector": {_HASH: None, **selector}}
            self._cluster.patch(service, {"metadata": {"annotations": annotations}, "spec": spec})
            operations = [
                {"op": "add", "path": f"/spec/{key}", "value": value}
                for key, value in fields.items()
            ]
            self._cluster.send("PATCH", deployment, operations, headers=JSON_PATCH)
            for kind in ("ingresses", "services"):
                self._cluster.delete(api_path(kind, namespace, f"{workload}-preview"))
            self._cluster.delete(api_path("configmaps", namespace, f"{workload}-deployment"))
            self.serving_when_full(workload)

        self._undo.callback(restore)


def _notes(service: Any) -> dict[str, Any]:  # noqa: ANN401 (a JSON object)
    """Return the annotations of a Service."""
    return ((service or {}).get("metadata") or {}).get("annotations") or {}


def _summary(samples: Samples) -> dict[str, object]:
    return {
        "requests": len(samples.answered),
        "a second": round(samples.rate, 1),
        "versions": dict(Counter(each.version for each in samples.answered)),
        "failures": [str(each.reply) for each in samples.answered if not each.reply.succeeded],
        "slowest seconds": round(max((e.reply.seconds for e in samples.answered), default=0.0), 2),
        "slowest seconds of the control": round(max(samples.control, default=0.0), 2),
    }
