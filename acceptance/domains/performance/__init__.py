"""Load on the system, and the performance requirements that it has to meet."""

from acceptance.domains.performance.load_tester import LoadMeasurement, LoadTester
from acceptance.domains.performance.requirements import Performance

__all__ = ["LoadMeasurement", "LoadTester", "Performance"]
