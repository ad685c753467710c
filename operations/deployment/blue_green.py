"""Deploys a version of a part beside the one that serves, and gives it the visitors at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.waiting import SYSTEM_CLOCK, eventually
from operations.deployment.versions import BEGUN, FINISHING, SWITCHED, UNDOING, Note
from operations.deployment.watching import PAUSE_SECONDS, WENT_BACK, NotDeployed, VersionWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.kubernetes.facts import Object, PodFacts
    from acceptance.settings import Timeouts
    from acceptance.waiting import Clock
    from operations.deployment.preview import Preview
    from operations.deployment.smoke import Visitor
    from operations.deployment.versions import Choice, DeployedPart, Version, Versions


class BlueGreen:
    """Deploys, finishes and undoes; one at a time, which a lock sees to.

    What has to be remembered is on the Service, in one change with whom it gives the visitors to.
    Whoever has not seen the last change cannot make the next.
    """

    def __init__(
        self,
        part: DeployedPart,
        preview: Preview,
        visitor: Visitor,
        *,
        timeouts: Timeouts,
        say: Callable[[str], None],
        check: Callable[[], None] = lambda: None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Deploy `part`: `preview` leads to a version before the others come.

        `visitor` is one of those who come by the usual way. `say` is told each step, and `check`
        raises when the lock is lost.
        """
        self._part = part
        self._preview = preview
        self._visitor = visitor
        self._timeouts = timeouts
        self._say = say
        self._check = check
        self._clock = clock
        self._watch = VersionWatch(part, timeouts, check, clock)

    def deploy(self, change: Callable[[Object], Object], *, watched: float, kept: float) -> None:
        """Give the visitors a version whose pod template is what `change` makes of the present one.

        The new version is watched for `watched` seconds, and the old one is kept for `kept` seconds
        more, so that the way back is instant.

        Raises `NotDeployed` if the new version is at fault or somebody went back; the old one
        serves then.
        """
        found = self.recover(watched)
        template = change(found.newest.template)
        self._deploy(found, template, watched, kept)

    def roll_back(self, revision: int | None, *, watched: float, kept: float) -> None:
        """Give the visitors an older version; without a `revision`, the one before.

        Raises `BrokenInput` if there is none, and `NotDeployed` as `deploy` does.
        """
        found = self.recover(watched)
        older = [each for each in found.known if each is not found.newest]
        wanted = [
            each
            for each in older
            if (each.hash == found.choice.before if revision is None else each.revision == revision)
        ]
        if not wanted:
            which = "the one before is not known" if revision is None else f"there is no {revision}"
            known = ", ".join(str(each.revision) for each in older) or "none"
            raise BrokenInput(f"Which version? Of the older ones, {known}, {which}. Try: --to")
        self._deploy(found, wanted[0].template, watched, kept, back=True)

    def go_back_at_once(self) -> bool:
        """Give the visitors the old version if a deployment is under way; return whether one was.

        Whoever deploys sees it and undoes the rest; where it was killed, `recover` does.

        Raises `EnvironmentFailure` if the old version has not all of its pods.
        """
        found = self._watch.look()
        note = found.choice.note
        if note is None or note.stage in {FINISHING, UNDOING}:
            return False
        origin = found.find(note.origin)
        if origin is None or origin.ready < found.replicas:
            raise EnvironmentFailure(
                f"The version before, {origin or note.origin}, is not at full strength, so the "
                "visitors stay where they are. Try: kubectl get pods"
            )
        self._move(found.choice, note.origin, replace(note, stage=UNDOING))
        self._say(f"back at {origin}")
        return True

    def recover(self, watched: float) -> Versions:
        """Finish or undo what a deployment has left that was killed; return what there is then.

        Raises `NotDeployed` if what it has switched to is at fault.
        """
        found = self._watch.look()
        choice = found.choice
        note = choice.note
        if note is None:
            return found
        chosen = found.find(choice.chosen)
        if chosen is None:
            raise EnvironmentFailure(
                f"A deployment was killed, and the version {choice.chosen} that it gave the "
                "visitors to is gone. Try: docs/operations/deployment.md"
            )
        if note.stage == SWITCHED:
            self._say("finishing a deployment that was killed after the switch")
            try:
                self._confirm(chosen, watched)
            except NotDeployed:
                self._undo(found.find(note.origin))
                raise
            choice = self._move(self._part.choice(), chosen.hash, replace(note, stage=FINISHING))
        else:
            self._say(f"cleaning up after a deployment that was killed while it was {note.stage}")
        switched = note.stage in {SWITCHED, FINISHING}
        self._settle(chosen, choice, note.origin if switched else choice.before)
        return self._watch.look()

    def _deploy(
        self, found: Versions, template: Object, watched: float, kept: float, *, back: bool = False
    ) -> None:
        blue = found.newest
        if template == blue.template:
            self._say(f"unchanged: {blue} serves already")
            return
        if found.paused or any(each is not blue for each in found.running):
            state = "is paused" if found.paused else "is being rolled out by somebody else"
            raise EnvironmentFailure(
                f"The Deployment {self._part.name} {state}. Try: kubectl rollout status"
            )
        self._say(f"serving: {blue}")
        choice = self._move(found.choice, blue.hash, Note(BEGUN, blue.hash, found.settings))
        try:
            green = self._start(template, blue)
            choice = self._move(choice, green.hash, self._noted(choice, SWITCHED))
            self._say(f"switched to {green}")
            self._confirm(green, watched)
            self._say(f"keeping {blue} for {kept:g} s")
            self._keep(green, kept)
            choice = self._move(choice, green.hash, self._noted(choice, FINISHING))
        except NotDeployed:
            self._undo(blue)
            raise
        except BaseException:
            # Also where the cluster is at fault: what has begun must not stay half done.
            with suppress(Exception):
                self._undo(blue)
            raise
        self._settle(green, choice, "" if back else blue.hash)
        self._say(f"deployed: {green} serves alone")

    def _start(self, template: Object, blue: Version) -> Version:
        """Return the new version once it has all of its pods and has passed its smoke test."""
        self._part.start(template)
        found = self._watch.look()
        green = found.newest
        if green.hash == blue.hash:
            raise EnvironmentFailure(
                f"The Deployment {self._part.name} keeps its version. Try: look for a webhook that "
                "changes what is written"
            )
        self._watch.await_ready(green, found.replicas)
        self._part.hold()
        if self._watch.look().newest.hash != green.hash:
            raise EnvironmentFailure("Somebody has changed the Deployment meanwhile. Try: again")
        names = frozenset(pod.name for pod in self._part.pods(green.hash))
        with self._preview.visitor(green.hash, names) as visitor:
            fault = visitor.smoke_test()
        if fault:
            raise NotDeployed(f"its smoke test failed: {fault}")
        self._say(f"smoke test passed by {green}")
        return green

    def _confirm(self, green: Version, seconds: float) -> None:
        """Watch the new version for `seconds` after the switch; raises `NotDeployed` for a fault.

        Raises `EnvironmentFailure` if nothing answers here.
        """
        names = frozenset(pod.name for pod in self._part.pods(green.hash))
        look = self._watch.looking_at(green)
        if self._visitor.await_arrival(names, self._timeouts.request, self._clock):
            fault = self._watch.last(lambda: self._visitor.look() or look(), seconds)
        elif self._visitor.answered:
            fault = look() or f"the ingress does not lead to it: {self._visitor.last}"
        else:
            raise EnvironmentFailure(
                f"The ingress does not answer from here: {self._visitor.last}. "
                "Try: --address, --authority"
            )
        if fault:
            raise NotDeployed(f"after the switch, {fault}")

    def _keep(self, green: Version, seconds: float) -> None:
        """Wait for `seconds`; raises `NotDeployed` if somebody goes back, or pods are lost."""
        fault = self._watch.last(self._watch.looking_at(green), seconds)
        if fault:
            raise NotDeployed(fault)

    def _undo(self, blue: Version | None) -> None:
        """Have the old version alone again, whoever has begun to go back."""
        choice = self._part.choice()
        if choice.note is None:
            return
        if blue is None or not any(pod.serving for pod in self._part.pods(blue.hash)):
            raise EnvironmentFailure(
                f"No pod of the version before, {blue or choice.note.origin}, is left, so the "
                "visitors stay where they are. Try: kubectl get pods"
            )
        choice = self._move(choice, blue.hash, self._noted(choice, UNDOING))
        self._say(f"back at {blue}")
        self._settle(blue, choice, choice.before)

    def _settle(self, version: Version, choice: Choice, before: str) -> None:
        """Return when no pod of another version is left, and nothing is noted any more."""
        note = choice.note
        assert note is not None
        self._preview.remove()
        self._part.keep_only(version, note.settings)

        def others() -> list[PodFacts]:
            self._check()
            return [
                pod
                for each in self._watch.look().known
                if each.hash != version.hash
                for pod in self._part.pods(each.hash)
                if not pod.deleting
            ]

        eventually(
            others,
            lambda pods: not pods,
            timeout=self._timeouts.rollout,
            pause=PAUSE_SECONDS,
            clock=self._clock,
            what="every pod of another version has ended",
            describe=lambda pods: "; ".join(map(str, pods)),
            remedy="the same command again",
            error=EnvironmentFailure,
        )
        self._part.restore_deadline(note.settings)
        self._move(choice, "", None, before)

    def _move(
        self, choice: Choice, hash_: str, note: Note | None, before: str | None = None
    ) -> Choice:
        """Give the visitors to a version; raises `EnvironmentFailure` if somebody was faster."""
        self._check()
        before = choice.before if before is None else before
        moved = self._part.choose(choice, hash_, note, before)
        if moved is None:
            note = self._part.choice().note
            if note is not None and note.stage == UNDOING:
                raise NotDeployed(WENT_BACK)
            raise EnvironmentFailure(
                f"The Service {self._part.name} was changed by somebody else meanwhile. Try: the "
                "same command again"
            )
        return moved

    def _noted(self, choice: Choice, stage: str) -> Note:
        assert choice.note is not None
        return replace(choice.note, stage=stage)
