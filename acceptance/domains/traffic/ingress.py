"""Checks the Ingress of the system's host: its class, and the address that it publishes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.drivers.certificate_names import is_named
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require_each

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.facts import IngressFacts

_INGRESS_CLASS = "nginx"


class IngressInspector(Actor):
    """Reads the Ingresses of the system's host from the API server and checks them."""

    def read_ingresses(self) -> tuple[IngressFacts, ...]:
        """Return the Ingresses of the system's host."""
        found = tuple(
            each
            for each in self._cluster.ingresses(self.system.namespace)
            if is_named(self.system.host, each.hosts)
        )
        self._keep("The ingress", pretty([asdict(each) for each in found]))
        return found

    def assert_class(self, ingresses: tuple[IngressFacts, ...]) -> None:
        """Every Ingress of the host has the class nginx."""
        require_each(
            ingresses,
            lambda each: (
                None
                if each.ingress_class == _INGRESS_CLASS
                else f"{each.name} has the class {each.ingress_class or '(none)'}"
            ),
            nothing=f"There is no ingress for {self.system.host}.",
        )

    def assert_address(self, ingresses: tuple[IngressFacts, ...]) -> None:
        """Every Ingress of the host publishes the address that visitors use."""
        require_each(
            ingresses,
            lambda each: (
                None
                if self.system.published in each.addresses
                else f"{each.name} publishes {', '.join(each.addresses) or 'no address'}, "
                f"and visitors use {self.system.published}"
            ),
            nothing=f"There is no ingress for {self.system.host}.",
        )
