"""Writes the verdicts as reports: JSON, Markdown, HTML, JUnit and Allure."""

from acceptance.readiness.report.allure import write_allure_report
from acceptance.readiness.report.facts import RunFacts
from acceptance.readiness.report.terminal import summary
from acceptance.readiness.report.write import write_reports

__all__ = ["RunFacts", "summary", "write_allure_report", "write_reports"]
