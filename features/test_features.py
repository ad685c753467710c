"""Binds the scenarios of every feature to pytest."""

from pytest_bdd import scenarios

scenarios("task_001_k3s_deployment")
scenarios("task_002_security_hardening")
scenarios("task_003_observability")
