"""Binds the scenarios of every feature to pytest."""

from pytest_bdd import scenarios

scenarios(".")
