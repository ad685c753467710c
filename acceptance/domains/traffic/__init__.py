"""Visitors over HTTP and in a browser, and the ingress that they use."""

from acceptance.domains.traffic.browser_visitor import BrowserVisitor, Cancellation, Journey
from acceptance.domains.traffic.ingress import IngressInspector
from acceptance.domains.traffic.page_views import SeenView, ViewVisitor
from acceptance.domains.traffic.steady_shoppers import Shopping, SteadyShoppers
from acceptance.domains.traffic.steady_visitors import SteadyVisitors
from acceptance.domains.traffic.visitor import (
    HostAnswers,
    PodCoverage,
    Purchase,
    RefusedPayment,
    ServedRequest,
    SiteAnswers,
    Visitor,
)
from acceptance.drivers.http import SteadyTraffic
from acceptance.drivers.kubernetes.facts import IngressFacts

__all__ = [
    "BrowserVisitor",
    "Cancellation",
    "HostAnswers",
    "IngressFacts",
    "IngressInspector",
    "Journey",
    "PodCoverage",
    "Purchase",
    "RefusedPayment",
    "SeenView",
    "ServedRequest",
    "Shopping",
    "SiteAnswers",
    "SteadyShoppers",
    "SteadyTraffic",
    "SteadyVisitors",
    "ViewVisitor",
    "Visitor",
]
