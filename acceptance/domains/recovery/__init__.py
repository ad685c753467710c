"""Backup and restore by the runbook, with its RPO and RTO."""

from acceptance.domains.recovery.backup_and_restore import Backup, RecoveryOperator
from acceptance.runbooks.reader import Runbook
from acceptance.runbooks.runner import CommandRun

__all__ = ["Backup", "CommandRun", "RecoveryOperator", "Runbook"]
