from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from acceptance.domains.tls import TlsInspector, inspector
from acceptance.drivers.tls import Handshake
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from tests.domains.tls.test_certificates import SEEN
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Callable

GONE = Handshake("no TLS connection: Connection refused", "", "", None)


@pytest.mark.parametrize(("seen", "kind"), [(SEEN, Unverifiable), (GONE, AssertionError)])
def test_a_scan_that_ends_early_is_blamed_on_an_ingress_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, seen: Handshake, kind: type[Exception]
) -> None:
    """The lenient server was scanned, so the scanner works: the ingress has to answer too."""

    def fail(*_: object, **__: object) -> None:
        raise EnvironmentFailure("sslyze did not reach checkout.local")

    probe: Callable[..., Handshake] = lambda *_: seen  # noqa: E731 (one answer)
    monkeypatch.setattr(inspector, "scan_protocols", fail)
    monkeypatch.setattr(inspector, "probe_ingress", probe)
    actor = TlsInspector(context_of(replace(SYSTEM, secure=True)))
    with pytest.raises(kind):
        actor.offer_weak_to_ingress()
