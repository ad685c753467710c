from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from acceptance.domains.traffic import IngressFacts, IngressInspector
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

GOOD = IngressFacts("checkout", "nginx", (SYSTEM.host,), (SYSTEM.published,))
OTHER = IngressFacts("other", "nginx", ("other.local",), ())


def inspector(*ingresses: IngressFacts) -> IngressInspector:
    """Return an inspector of a namespace with these Ingresses."""
    return IngressInspector(
        context_of(SYSTEM, SimpleNamespace(ingresses=lambda _: ingresses), keep=lambda *_: None)
    )


def test_only_the_hosts_ingresses_are_checked() -> None:
    """An Ingress of another host says nothing about the system's."""
    actor = inspector(GOOD, OTHER)
    found = actor.read_ingresses()
    assert found == (GOOD,)
    actor.assert_class(found)
    actor.assert_address(found)


def test_a_wildcard_is_the_hosts_ingress_too() -> None:
    """One label is any, and another domain's is not."""
    system = replace(SYSTEM, host="shop.example.org")
    wide = replace(GOOD, hosts=("*.example.org",))
    other = replace(GOOD, hosts=("*.example.net",))
    cluster = SimpleNamespace(ingresses=lambda _: (wide, other))
    actor = IngressInspector(context_of(system, cluster, keep=lambda *_: None))
    assert actor.read_ingresses() == (wide,)


def test_what_is_wrong_with_an_ingress_is_named() -> None:
    """Another class, another address, and no Ingress at all."""
    actor = inspector()
    wrong = (IngressFacts("checkout", "other", (SYSTEM.host,), ("198.51.100.1",)),)
    with pytest.raises(AssertionError, match="checkout has the class other"):
        actor.assert_class(wrong)
    with pytest.raises(AssertionError, match=r"publishes 198\.51\.100\.1, and visitors use"):
        actor.assert_address(wrong)
    with pytest.raises(AssertionError, match=r"There is no ingress for checkout\.local"):
        actor.assert_class(actor.read_ingresses())
