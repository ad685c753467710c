"""Watches the versions of a part while it is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.settings import Timeouts
    from acceptance.waiting import Clock
    from operations.deployment.versions import DeployedPart, Version, Versions

WENT_BACK = "somebody went back to the version before"
PAUSE_SECONDS = 0.25
_UNREADY_SECONDS = 3.0
"""A pod that is not ready for so long is at fault; a single probe may fail."""
_NOT_STARTED = (
    "CreateContainerConfigError",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
)
"""States of a container whose image has not run, so that nothing is known of it."""


class NotDeployed(Exception):
    """The new version is at fault; the one from before serves."""


class VersionWatch:
    """Looks at the cluster until a version is as it has to be, or is not any more."""

    def __init__(
        self, part: DeployedPart, timeouts: Timeouts, check: Callable[[], None], clock: Clock
    ) -> None:
        """Watch the versions of `part`; `check` raises when there is no right to go on."""
        self._part = part
        self._timeouts = timeouts
        self._check = check
        self._clock = clock

    def look(self) -> Versions:
        """Return what there is, once the Deployment controller has seen the last change."""
        found = eventually(
            self._part.versions,
            lambda found: found is not None,
            timeout=self._timeouts.api,
            pause=PAUSE_SECONDS,
            clock=self._clock,
            what="the Deployment controller sees a change",
            remedy="look whether the controller manager runs",
            error=EnvironmentFailure,
        )
        assert found is not None
        return found

    def await_ready(self, green: Version, replicas: int) -> None:
        """Return when a version has all of its pods.

        Raises `NotDeployed` if it is at fault that it never will, `EnvironmentFailure` if nothing
        is known of it.
        """

        def look() -> Sequence[PodFacts]:
            self._check()
            return self._part.pods(green.hash)

        last: list[Sequence[PodFacts]] = [()]

        def ready(pods: Sequence[PodFacts]) -> bool:
            last[0] = pods
            return sum(pod.serving for pod in pods) >= replicas

        try:
            eventually(
                look,
                ready,
                timeout=self._timeouts.rollout,
                pause=PAUSE_SECONDS,
                unrecoverable=lasting(
                    lambda pods: next((p.unrecoverable for p in pods if p.unrecoverable), None),
                    seconds=self._timeouts.unrecoverable,
                    clock=self._clock,
                ),
                clock=self._clock,
                what="every new pod is ready",
                describe=lambda pods: "; ".join(map(str, pods)) or "no pod was made",
            )
        except AssertionError as error:
            if len(last[0]) < replicas or any(map(_is_unknown, last[0])):
                raise EnvironmentFailure(f"{error} Try: kubectl describe pods") from error
            raise NotDeployed(str(error)) from error

    def looking_at(self, green: Version) -> Callable[[], str]:
        """Return what says whether something has become wrong with the new version."""
        replicas = self.look().replicas

        def missing(pods: Sequence[PodFacts]) -> str | None:
            if sum(pod.serving for pod in pods) >= replicas:
                return None
            return f"not every pod is ready: {'; '.join(map(str, pods)) or 'none is left'}"

        unready = lasting(missing, seconds=_UNREADY_SECONDS, clock=self._clock)

        def look() -> str:
            if self._part.choice().chosen != green.hash:
                return WENT_BACK
            return unready(self._part.pods(green.hash)) or ""

        return look

    def last(self, look: Callable[[], str], seconds: float) -> str:
        """Return what `look` says first within `seconds`; empty if it says nothing."""
        ends = self._clock.now() + seconds
        while True:
            self._check()
            fault = look()
            if fault or self._clock.now() >= ends:
                return fault
            self._clock.pause(PAUSE_SECONDS)


def _is_unknown(pod: PodFacts) -> bool:
    """Return whether nothing is known of a pod's image, because it has not run."""
    return bool(pod.unschedulable) or any(each.state in _NOT_STARTED for each in pod.containers)
