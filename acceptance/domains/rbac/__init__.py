"""Roles, service accounts and tokens: who may do what."""
