"""Response to an incident by its runbook: containment, evidence, removal, recovery."""

from acceptance.domains.incident.drivers.evidence_folder import EvidenceFile
from acceptance.domains.incident.response import IncidentResponder, QuarantineState
from acceptance.drivers.kubernetes.facts import PodFacts
from acceptance.runbooks.reader import Runbook

__all__ = ["EvidenceFile", "IncidentResponder", "PodFacts", "QuarantineState", "Runbook"]
