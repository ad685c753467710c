"""Turns verdicts into what people and programs read: JSON, Markdown, HTML, JUnit, Allure."""

from acceptance.report.allure import write_allure_report
from acceptance.report.facts import RunFacts
from acceptance.report.terminal import summary
from acceptance.report.write import write_reports

__all__ = ["RunFacts", "summary", "write_allure_report", "write_reports"]
