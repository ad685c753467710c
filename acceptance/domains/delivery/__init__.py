"""Reviews, tests, security scans, CI workflows and staging."""

from acceptance.domains.delivery.built_images import BuiltImageOperator, BuiltPod
from acceptance.domains.delivery.bypass_attempts import BypassTester
from acceptance.domains.delivery.change_review import ChangeAudit, ChangeAuditor
from acceptance.domains.delivery.commit_deployer import CommitDeployer
from acceptance.domains.delivery.deployments import Deployment
from acceptance.domains.delivery.drivers.suites import SuiteFacts
from acceptance.domains.delivery.drivers.workflows import WorkflowFacts
from acceptance.domains.delivery.manual_release import ManualReleaser
from acceptance.domains.delivery.offered_changes import Attempt
from acceptance.domains.delivery.part_files import Decision, PartFileTester
from acceptance.domains.delivery.part_pipeline import PartPipelineTester
from acceptance.domains.delivery.pipeline import PipelineEngineer, ProposedChange
from acceptance.domains.delivery.promotion import ImagePromoter, Promotion
from acceptance.domains.delivery.scanning import ScanResult
from acceptance.domains.delivery.security_scan import SecurityScanner
from acceptance.domains.delivery.signed_images import SignedImage, SignedImageReader
from acceptance.domains.delivery.staging import StagingEnvironment, StagingOperator, StagingVisit
from acceptance.domains.delivery.suite_tester import SuiteTester
from acceptance.domains.delivery.team_repository import PushedCommit

__all__ = [
    "Attempt",
    "BuiltImageOperator",
    "BuiltPod",
    "BypassTester",
    "ChangeAudit",
    "ChangeAuditor",
    "CommitDeployer",
    "Decision",
    "Deployment",
    "ImagePromoter",
    "ManualReleaser",
    "PartFileTester",
    "PartPipelineTester",
    "PipelineEngineer",
    "Promotion",
    "ProposedChange",
    "PushedCommit",
    "ScanResult",
    "SecurityScanner",
    "SignedImage",
    "SignedImageReader",
    "StagingEnvironment",
    "StagingOperator",
    "StagingVisit",
    "SuiteFacts",
    "SuiteTester",
    "WorkflowFacts",
]
