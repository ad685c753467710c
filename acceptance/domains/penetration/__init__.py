"""Attacks on the application, each tried on a vulnerable server first."""

from acceptance.domains.penetration.exposed_files import ExposedFiles, ExposedFilesTester
from acceptance.domains.penetration.id_enumeration import GuessedIds, IdEnumerationTester
from acceptance.domains.penetration.service_routes import (
    ServiceRouteInspector,
    ServiceRoutes,
)
from acceptance.domains.penetration.slow_connections import SlowConnections, SlowConnectionTester
from acceptance.domains.penetration.stored_injection import (
    InjectionResult,
    InjectionStrings,
    StoredInjectionTester,
)
from acceptance.domains.penetration.tester import AttackTrials, FuzzResult, PenetrationTester

__all__ = [
    "AttackTrials",
    "ExposedFiles",
    "ExposedFilesTester",
    "FuzzResult",
    "GuessedIds",
    "IdEnumerationTester",
    "InjectionResult",
    "InjectionStrings",
    "PenetrationTester",
    "ServiceRouteInspector",
    "ServiceRoutes",
    "SlowConnectionTester",
    "SlowConnections",
    "StoredInjectionTester",
]
