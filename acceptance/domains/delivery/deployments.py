"""What a deployment has to change, what it has to leave, and what visitors may notice of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.process import tail

if TYPE_CHECKING:
    from acceptance.domains.delivery.team_repository import PushedCommit
    from acceptance.domains.delivery.version_samples import Samples
    from acceptance.drivers.kubernetes.facts import PodFacts

_FEWEST, _RATE = 5000, 100.0
"""Requests in all and in a second: fewer would miss a gap of some milliseconds."""
_OVERLAP_SECONDS = 1.0
_SHOWN_LINES = 12


@dataclass(frozen=True)
class Deployment:
    """A commit that was pushed, and what visitors saw while it was deployed."""

    pushed: PushedCommit
    samples: Samples
    before: frozenset[str]
    """The versions that served before."""
    images: frozenset[str]
    """The images that their main containers ran, by the digest."""
    place: Place
    """What was there before, but for the version."""


@dataclass(frozen=True)
class Place:
    """What a deployment has to leave as it was."""

    selector: Any
    """What the Service of the part selects."""
    spec: Any
    """Of the Deployment, without its pod template."""
    objects: tuple[str, ...]
    """The kinds and names of all Services and Ingresses of the namespace."""


class DeploymentInspector(IngressActor):
    """Compares what is there after a deployment with what was pushed and what was there before."""

    def assert_deployed(self, deployment: Deployment) -> None:
        """Every pod of the part runs the commit's image, and the ingress answers as the commit."""
        pushed = deployment.pushed
        run_ = pushed.run_of(pushed.part)
        require(
            run_.passed and ("Deploy", "success") in run_.steps,
            f"The pipeline has not deployed: {tail(run_.output, _SHOWN_LINES)}",
        )
        workload = self.system.named(pushed.part)
        self.serving_when_full(workload)
        require_each(
            [pod for pod in self._pods(workload) if not pod.deleting],
            lambda pod: _fault_of(pod, pushed.image.digest, deployment.images),
            nothing=f"No pod of the {pushed.part} is left.",
        )
        reply = self._http.send("GET", pushed.made.shown_at)
        require(
            pushed.made.mark in reply.text,
            f"The ingress does not answer as the commit: {reply.request} has no "
            f"{pushed.made.mark}, but {reply}.",
        )
        place = self._place(workload)
        self._keep("What is there after the deployment", pretty(asdict(place)))
        for what, now, then in (
            (f"the Service {workload} selects", place.selector, deployment.place.selector),
            (f"the Deployment {workload} has", place.spec, deployment.place.spec),
            ("there are", place.objects, deployment.place.objects),
        ):
            require(now == then, f"After the deployment {what} {now}, and before it {then}.")

    def assert_unnoticed(self, deployment: Deployment) -> None:
        """No request failed; who met the new version met the old one for a second more at most.

        Raises `Unverifiable` if there were too few requests, or the machine was in trouble.
        """
        samples = deployment.samples
        failed = [each for each in samples.answered if not each.reply.succeeded]
        if samples.trouble:
            raise Unverifiable(samples.trouble)
        require(
            not failed,
            f"{len(failed)} of {len(samples.answered)} requests failed during the deployment: "
            f"{listed([f'number {each.number}: {each.reply}' for each in failed])}",
        )
        if len(samples.answered) < _FEWEST or samples.rate < _RATE:
            raise Unverifiable(
                f"{len(samples.answered)} requests were sent, {samples.rate:.0f} in a second; "
                f"fewer than {_FEWEST} or {_RATE:g} in a second prove nothing."
            )
        old = [each for each in samples.answered if each.version in deployment.before]
        new = [each for each in samples.answered if each.version not in deployment.before]
        versions = Counter(each.version for each in samples.answered)
        require(old and new, f"Visitors met one version only: {dict(versions)}.")
        others = {each.version for each in new}
        require(len(others) == 1, f"Visitors met more than one new version: {dict(versions)}.")
        late = old[-1].ended - new[0].ended
        require(
            late <= _OVERLAP_SECONDS,
            f"Visitors met the old version for {late:.1f} s after the new one had answered, and "
            f"{_OVERLAP_SECONDS:g} s are allowed: {dict(versions)}.",
        )

    def _place(self, workload: str) -> Place:
        namespace = self.system.namespace
        found = self._cluster.read(api_path("deployments", namespace, workload)) or {}
        spec = {key: value for key, value in found.get("spec", {}).items() if key != "template"}
        objects = tuple(
            sorted(
                f"{kind}/{each['metadata']['name']}"
                for kind in ("services", "ingresses")
                for each in self._cluster.items(api_path(kind, namespace))
            )
        )
        return Place(self._selector(workload), spec, objects)

    def _selector(self, workload: str) -> Any:  # noqa: ANN401 (a JSON object)
        found = self._cluster.read(api_path("services", self.system.namespace, workload))
        return (found or {}).get("spec", {}).get("selector")


def _fault_of(pod: PodFacts, digest: str, before: frozenset[str]) -> str | None:
    """Say which container of a pod runs another image than it has to; None if none does."""
    if not pod.main.image_id.endswith(digest):
        return f"{pod.name} runs {pod.main.image_id}, and not {digest}"
    old = [each.name for each in pod.containers if each.image_id in before]
    return f"{pod.name} runs the image from before in {listed(old)}" if old else None
