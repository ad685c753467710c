"""Binds the scenarios of TASK-001 to pytest."""

from pytest_bdd import scenarios

scenarios("task_001_k3s_deployment")
