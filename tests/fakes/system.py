"""A deployed system that is nowhere, for actors whose cluster is made up too."""

from __future__ import annotations

from acceptance.project import ROOT
from acceptance.settings import Workloads
from acceptance.system import System

SYSTEM = System(
    run="1a2b",
    driver="embedded",
    flavour="kubernetes",
    version="v1",
    kubeconfig="nowhere",
    context="none",
    namespace="checkout",
    host="checkout.local",
    address="192.0.2.1",
    http_port=80,
    published="192.0.2.1",
    workloads=Workloads(),
    repository=str(ROOT),
    images=("localhost/a:1", "localhost/b:1"),
)
