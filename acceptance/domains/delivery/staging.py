"""Deploys a staging environment from scratch, uses it as a visitor, and removes it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL, name_of, render, secrets_for
from acceptance.deployment.issuer import await_certificate, declares_tls
from acceptance.deployment.rollout import apply, await_rollout, is_rejection
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.traffic.ingress_client import reach_plain
from acceptance.domains.traffic.visitor import Visitor
from acceptance.drivers.certificate_names import is_named
from acceptance.drivers.checkout_api import CheckoutApi
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.actor import ActorContext
    from acceptance.build.manifests import Manifest
    from acceptance.deployment.rollout import RolloutStatus
    from acceptance.domains.traffic.visitor import Purchase, SiteAnswers
    from acceptance.drivers.kubernetes.facts import ContainerFacts, PodFacts
    from acceptance.system import System

_NOT_FOUND = 404


@dataclass(frozen=True)
class StagingEnvironment:
    """A staging environment that is running."""

    system: System
    status: RolloutStatus


@dataclass(frozen=True)
class StagingVisit:
    """What a visitor of staging saw and bought."""

    visitor: Visitor
    site: SiteAnswers
    purchase: Purchase


class StagingOperator(ClusterActor):
    """Deploys the release to a staging environment of its own, and tests it there."""

    def __init__(self, context: ActorContext) -> None:
        """Deploy nothing yet."""
        super().__init__(context)
        self._overlay = context.path_in_sources(context.settings.staging)
        self._tell_secrets = context.tell_secrets

    def deploy_staging(self) -> StagingEnvironment:
        """Deploy staging into a new namespace, under a host that nothing serves yet."""
        objects = self._rendered()
        system = self._place(objects)
        self._clear(system)
        made = secrets_for(objects)
        self._tell_secrets([value for each in made for value in each["stringData"].values()])
        named = [f"{each['kind']} {each['metadata']['name']}" for each in objects]
        facts = {"namespace": system.namespace, "host": system.host, "objects": named}
        self._keep("Objects of staging", pretty(facts))
        self._undo.callback(self._remove, system.namespace)
        self._apply((*objects, *made))
        status = await_rollout(
            self._cluster,
            system.namespace,
            self._timeouts,
            what="staging at full strength",
            remedy="kubectl apply --kustomize manifests/overlays/staging",
            needed=system.names,
        )
        return StagingEnvironment(await_certificate(self._cluster, system, self._timeouts), status)

    def visit_staging(self, staging: StagingEnvironment) -> StagingVisit:
        """Open the page of staging by its host name, and pay a checkout there."""
        visitor = self._undo.enter_context(Visitor(self._context.of(staging.system)))
        site = visitor.open_by_name()
        visitor.assert_page_from_frontend(site.page)
        visitor.assert_service_from_backend(site.service)
        purchase = visitor.pay_checkout(visitor.create_checkout())
        return StagingVisit(visitor, site, purchase)

    def assert_checkout_found(self, visit: StagingVisit) -> None:
        """The visitor finds the paid checkout again."""
        visit.visitor.assert_checkout_kept(visit.purchase)

    def assert_full_strength(self, staging: StagingEnvironment) -> None:
        """Staging has every workload of the system, at full strength also after the visit."""
        found = {each.name: each for each in self._cluster.workloads(staging.system.namespace)}
        self._keep("Workloads of staging", pretty([asdict(each) for each in found.values()]))

        def fault(name: str) -> str | None:
            workload = found.get(name)
            if workload is None:
                return f"staging has no {name}"
            return None if workload.full else f"staging is not at full strength: {workload}"

        require_each(self.system.names, fault, nothing="The system has no workload.")

    def assert_release_images(self, staging: StagingEnvironment) -> None:
        """Every container of staging runs the same image as its counterpart in the release."""
        released = _running(self._released())
        staged = _running(self._staged(staging.system.namespace))
        self._keep("Images of the release and of staging", pretty(_shown(released, staged)))
        require(released, "The system runs no container, so the release has no image.")

        def fault(name: str) -> str | None:
            if name not in staged:
                return f"staging does not run {name} of the release"
            if name not in released:
                return f"staging runs {name}, which is not part of the release"
            images = {container.image for container in staged[name]}
            unknown = sorted(images - set(self.system.images)) if self.system.images else []
            if unknown:
                return f"staging runs {unknown[0]} in {name}, which is not an image of the release"
            digests = [{each.image_id for each in group[name]} for group in (released, staged)]
            if "" in digests[0] | digests[1] or digests[0] != digests[1]:
                said = [", ".join(sorted(each)) or "nothing" for each in digests]
                return f"{name} is {said[1]} in staging and {said[0]} in the release"
            return None

        require_each(sorted({*released, *staged}), fault, nothing="Staging runs no container.")
        used = {each.image for group in staged.values() for each in group}
        require_each(
            self.system.images or tuple(used),
            lambda image: None if image in used else f"staging does not run {image} of the release",
            nothing="The release has no image.",
        )

    def _staged(self, namespace: str) -> tuple[PodFacts, ...]:
        """Return all pods of a namespace; those of the system's workloads carry their name."""
        own = [pod for name in self.system.names for pod in self._cluster.pods(namespace, name)]
        known = {pod.uid for pod in own}
        return (*own, *(pod for pod in self._cluster.pods(namespace) if pod.uid not in known))

    def _rendered(self) -> tuple[Manifest, ...]:
        """Return the objects of staging, with the release's images and a namespace of this run.

        Raises `Unverifiable` if there is no staging: a system may be released without one.
        """
        if not self._overlay.is_dir():
            message = f"There is no staging overlay {self._context.settings.staging.name}, "
            raise Unverifiable(
                f"{message}so a release to staging cannot be tried. "
                "Try: staging in [tool.acceptance] of pyproject.toml"
            )
        images = {name_of(each): each for each in self.system.images}
        try:
            plain = render(self._overlay, images)
            own = [each["metadata"]["name"] for each in plain if each["kind"] == "Namespace"]
            require(len(own) == 1, f"The staging overlay has {len(own)} namespaces instead of one.")
            return render(self._overlay, images, self.system.run, f"{own[0]}-{self.system.run}")
        except BrokenInput as error:
            raise AssertionError(f"Staging cannot be deployed: {error.message}") from error

    def _place(self, objects: Sequence[Manifest]) -> System:
        """Return how staging is reached: by a namespace and a host that the system does not use."""
        namespace = next(e["metadata"]["name"] for e in objects if e["kind"] == "Namespace")
        rules = [
            rule
            for each in objects
            if each["kind"] == "Ingress"
            for rule in each["spec"].get("rules") or ()
        ]
        require(rules, "Staging has no ingress, so no visitor can reach it.")
        hosts = [rule.get("host", "") for rule in rules]
        require(all(hosts), "The ingress of staging names no host, so it matches every request.")
        own = self.system.host
        require(not is_named(own, hosts), f"Staging has the same host as the system itself, {own}.")
        host = self._visited_host(rules)
        secure = declares_tls(objects, host)
        return replace(self.system, namespace=namespace, host=host, secure=secure, restarts=())

    def _visited_host(self, rules: Sequence[Mapping[str, Any]]) -> str:
        """Return the host whose page visitors open, of several that the rules may have."""
        named = [each for each in rules if "*" not in each["host"]]
        require(named, "Staging has no host but a wildcard, so nobody knows where to visit it.")
        with_page = [each for each in named if self.system.workloads.frontend in _services(each)]
        return str((with_page or named)[0]["host"])

    def _clear(self, system: System) -> None:
        """Make sure that nothing of staging exists yet: no namespace, and nothing at its host."""
        labels = self._cluster.labels(_path(system.namespace))
        if labels is not None:
            if labels.get(RUN_LABEL) != self.system.run:
                message = f"The namespace {system.namespace} exists and belongs to another run."
                raise EnvironmentFailure(f"{message} Try: run again.")
            self._remove(system.namespace)  # left by a scenario that was killed
        limits = self._timeouts
        with closing(reach_plain(system, timeout=limits.request)) as http:
            eventually(
                lambda: CheckoutApi(http, system.contract).page(),
                lambda reply: reply.status == _NOT_FOUND,
                timeout=limits.ingress,
                what=f"nothing serves {system.host} before staging is deployed",
            )

    def _apply(self, objects: Sequence[Manifest]) -> None:
        kubeconfig, limit = Path(self.system.kubeconfig), self._timeouts.command
        try:
            apply(kubeconfig, self.system.context, objects, timeout=limit)
        except EnvironmentFailure as error:
            if not is_rejection(self._cluster, error):
                raise
            raise AssertionError(f"The cluster rejects staging: {error.message}") from error

    def _remove(self, namespace: str) -> None:
        if not self._cluster.delete(_path(namespace)):
            return
        # No visitor depends on these pods, so they need no grace period.
        self._cluster.delete(api_path("pods", namespace), grace=0)
        eventually(
            lambda: self._cluster.exists(_path(namespace)),
            lambda exists: not exists,
            timeout=self._timeouts.removal,
            what=f"the namespace {namespace} gone",
            describe=lambda _: "it still exists",
            remedy=f"kubectl get namespace {namespace} --output=yaml",
            error=EnvironmentFailure,
        )

    def _released(self) -> tuple[PodFacts, ...]:
        return tuple(pod for name in self.system.names for pod in self._pods(name))


def _services(rule: Mapping[str, Any]) -> set[str]:
    """Return the Services that a rule of an Ingress leads to."""
    paths = (rule.get("http") or {}).get("paths") or ()
    return {(path["backend"].get("service") or {}).get("name", "") for path in paths}


def _path(namespace: str) -> str:
    return api_path("namespaces", name=namespace)


def _running(pods: Sequence[PodFacts]) -> dict[str, list[ContainerFacts]]:
    """Group containers by workload and container name."""
    found: dict[str, list[ContainerFacts]] = {}
    for pod in pods:
        for container in pod.containers:
            found.setdefault(f"{pod.workload or pod.name}/{container.name}", []).append(container)
    return found


def _shown(*groups: dict[str, list[ContainerFacts]]) -> list[dict[str, list[str]]]:
    return [
        {name: sorted({f"{e.image} {e.image_id}" for e in each}) for name, each in group.items()}
        for group in groups
    ]
