"""Deploys the system under test and waits until it is up."""
