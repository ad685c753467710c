"""The network engineer: tries who reaches whom, and believes no policy before it has held."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from acceptance.build.manifests import name_of, render
from acceptance.domains.network import probe_placement
from acceptance.domains.network.connection_attempts import requests_for
from acceptance.domains.network.connections import Outcome, Request, allowed, drawn, observed
from acceptance.domains.network.policy_enforcement import prove_engine
from acceptance.domains.network.probe_placement import DNS, INGRESS, NODE, STAGING
from acceptance.domains.network.testbed import DENIAL_SECONDS, give_time
from acceptance.domains.network.unlabelled_pod import UnlabelledPodOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.actor import ActorContext
    from acceptance.build.manifests import Manifest
    from acceptance.domains.network.matrix import Matrix
    from acceptance.domains.network.testbed import Stage

_KINDS = ("Namespace", "NetworkPolicy", "ServiceAccount")
_SEVERAL = tuple(
    f"{prefix}{role}" for prefix in ("", f"{STAGING} ") for role in probe_placement.ROLES[:2]
)
"""Of these the system has several pods, so one may want to talk to another."""


@dataclass(frozen=True)
class Ground:
    """Probes at their posts, and all that they are to try."""

    stage: Stage
    matrix: Matrix
    requests: tuple[Request, ...]
    unknown: tuple[str, ...]
    """Why some of the table cannot be tried here."""


@dataclass(frozen=True)
class Survey:
    """What was seen of all connections with the system's own policies in force."""

    ground: Ground
    planned: tuple[Outcome, ...]
    others: tuple[Outcome, ...]
    packets: dict[str, int]
    """What reached each probe's network while nothing was to reach anybody."""


class NetworkEngineer(UnlabelledPodOperator):
    """Somebody with probes."""

    def __init__(self, context: ActorContext) -> None:
        """Survey the system, and beside it the policies of the staging overlay."""
        super().__init__(context)
        self._staging = context.path_in_sources(context.settings.staging)
        self._rounds = count(1)

    def place_probes(self, matrix: Matrix) -> Ground:
        """Put a probe beside every pod, and see every connection made while nothing forbids it.

        Raises `Unverifiable` where one is not made even then, or policies are not enforced: a
        refusal would prove nothing there.
        """
        stage, unknown = self._open(), []
        staging = self._rendered(stage)
        stage.make_namespaces([each for each in staging if each["kind"] in _KINDS])
        placed = probe_placement.posts_of_system(self._cluster, self.system)
        placed |= probe_placement.posts_of_staging(staging, self.system)
        if self.system.driver == "existing":
            unknown.append("no probe may stand beside the ingress and the DNS of others")
        else:
            found = probe_placement.posts_of_platform(self._cluster)
            placed |= found
            absent = [name for name in (INGRESS, DNS) if name not in found]
            unknown += [f"the cluster shows no pod of its {name}" for name in absent]
        stage.place(placed, _SEVERAL, self._image())
        prove_engine(stage, self.system, timeout=self._timeouts.policy)
        doors = stage.doors(tuple(placed.values()))
        shown = [name for name in matrix.destinations if name in stage.probes and name != NODE]
        stage.expose(shown, doors)
        if reason := stage.listen_outside():
            unknown.append(reason)
        requests = requests_for(stage, self._cluster, matrix, doors)
        ground = Ground(stage, matrix, requests, tuple(unknown))
        free = self._round(stage, requests, self._timeouts.request)
        self._show("While nothing was forbidden", ground, free)
        _require_free(free)
        stage.forbid()
        return ground

    def try_everything(self, ground: Ground) -> Survey:
        """Try what must not be possible, alone so that every packet counts; then the rest."""
        groups: dict[bool, list[Request]] = {True: [], False: []}
        for request in ground.requests:
            wanted = allowed(ground.matrix, request)
            if wanted is not None:
                groups[wanted].append(request)
        others, packets = self._until_denied(ground.stage, groups[False])
        planned = self._until_made(ground.stage, groups[True])
        survey = Survey(ground, planned, others, packets)
        self._show("What was seen", ground, (*planned, *others))
        self._keep("What arrived where nothing was to arrive", pretty(packets))
        return survey

    def judge_planned(self, survey: Survey) -> None:
        """Every connection of the table is made, and was seen at both of its ends."""
        require_each(
            survey.planned,
            lambda each: None if each.made else f"this is planned and fails: {each}",
            nothing="The table plans no connection.",
        )

    def judge_others(self, survey: Survey) -> None:
        """No other one is made, and of none a packet arrived.

        Raises `Unverifiable` if some of the table could not be tried.
        """
        require_each(
            survey.others,
            lambda each: f"nobody planned this: {each}" if each.trace else None,
            nothing="The table forbids no connection.",
        )
        require_each(
            survey.packets.items(),
            lambda each: (
                f"{each[1]} packets reached {each[0]}, whoever sent them" if each[1] else None
            ),
            nothing="No probe counted what reached it.",
        )
        if survey.ground.unknown:
            message = f"Not all of the table can be tried here: {listed(survey.ground.unknown)}."
            raise Unverifiable(message)

    def _until_denied(
        self, stage: Stage, requests: Sequence[Request]
    ) -> tuple[tuple[Outcome, ...], dict[str, int]]:
        """Try until nothing gets through any more, and return the last round.

        A policy that was taken away goes on holding for a moment.
        """
        last: tuple[tuple[Outcome, ...], dict[str, int]] = (), {}

        def look() -> bool:
            nonlocal last
            since = stage.fleet.marks()
            outcomes = self._round(stage, requests, DENIAL_SECONDS)
            last = outcomes, stage.fleet.packets(since)
            return not any(each.trace for each in outcomes) and not any(last[1].values())

        give_time(look, self._timeouts.policy)
        return last

    def _until_made(self, stage: Stage, requests: Sequence[Request]) -> tuple[Outcome, ...]:
        last: tuple[Outcome, ...] = ()

        def look() -> bool:
            nonlocal last
            last = self._round(stage, requests, DENIAL_SECONDS)
            return all(each.made for each in last)

        give_time(look, self._timeouts.policy)
        return last

    def _round(
        self, stage: Stage, requests: Sequence[Request], timeout: float
    ) -> tuple[Outcome, ...]:
        """Send all requests at once and return what became of each, seen from both ends."""
        turn = next(self._rounds)
        tokens = [f"{turn}-{number}-" for number in range(len(requests))]
        since = stage.fleet.marks()
        said = stage.send(requests, tokens, timeout)
        return stage.seen(requests, tokens, said, since)

    def _rendered(self, stage: Stage) -> tuple[Manifest, ...]:
        images = {name_of(each): each for each in self.system.images}
        try:
            plain = render(self._staging, images)
            own = [each["metadata"]["name"] for each in plain if each["kind"] == "Namespace"]
            require(len(own) == 1, f"The staging overlay makes {len(own)} namespaces, not one.")
            name = stage.own_namespace(own[0])
            return render(self._staging, images, self.system.run, name)
        except BrokenInput as error:
            raise AssertionError(f"Staging cannot be deployed: {error.message}") from error

    def _show(self, title: str, ground: Ground, outcomes: Sequence[Outcome]) -> None:
        seen = observed(ground.matrix, outcomes)
        parts = ["Planned:", drawn(ground.matrix, ground.matrix.cells)]
        parts += ["", f"{title}:", drawn(ground.matrix, seen), "", "Each request:"]
        self._keep(title, "\n".join([*parts, *sorted(map(str, outcomes))]), "text")


def _require_free(outcomes: Sequence[Outcome]) -> None:
    failed = [each for each in outcomes if not each.made]
    if failed:
        worst = Counter(each.request.destination for each in failed).most_common(1)[0][0]
        message = (
            "Nothing forbade it, and yet these connections were not made, so a refusal would prove "
            f"nothing here: {listed([str(each) for each in failed])}. Most were to: {worst}."
        )
        raise Unverifiable(message)
