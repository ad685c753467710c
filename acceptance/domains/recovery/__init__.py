"""Backup and restore by the runbook, with its RPO and RTO; what was lost in a disaster."""

from acceptance.domains.recovery.backup_and_restore import Backup, RecoveryOperator
from acceptance.domains.recovery.database_inspector import DatabaseInspector
from acceptance.domains.recovery.drivers.database_inventory import DatabaseInventory
from acceptance.domains.recovery.volume_policies import VolumeReviewer
from acceptance.runbooks.reader import Runbook
from acceptance.runbooks.runner import CommandRun

__all__ = [
    "Backup",
    "CommandRun",
    "DatabaseInspector",
    "DatabaseInventory",
    "RecoveryOperator",
    "Runbook",
    "VolumeReviewer",
]
