"""Scanners for security: each says what it looked at and what it found, and never how bad that is.

A scanner that is missing or fails is a fact too: `ScanFacts.problem` says why.
"""

from __future__ import annotations
