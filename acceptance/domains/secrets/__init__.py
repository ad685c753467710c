"""Reviews the configuration of secrets, tries credentials, and tests the rotation from outside."""

from acceptance.domains.secrets.configuration_review import ConfigurationReviewer, SecretKeys
from acceptance.domains.secrets.credential_checks import OldSecrets
from acceptance.domains.secrets.database_logins import DatabaseLogins, DatabaseLoginTester
from acceptance.domains.secrets.rotation import RotationOperator
from acceptance.domains.secrets.rotation_run import RotationRun
from acceptance.domains.secrets.secret_search import SecretSearch, SecretSearcher

__all__ = [
    "ConfigurationReviewer",
    "DatabaseLoginTester",
    "DatabaseLogins",
    "OldSecrets",
    "RotationOperator",
    "RotationRun",
    "SecretKeys",
    "SecretSearch",
    "SecretSearcher",
]
