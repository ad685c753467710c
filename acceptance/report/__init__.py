"""From verdicts to what people and programs read: JSON, Markdown, HTML, JUnit, ticked boxes."""

from acceptance.report.facts import RunFacts
from acceptance.report.write import summary, write_reports

__all__ = ["RunFacts", "summary", "write_reports"]
