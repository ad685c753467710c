"""Security scanners: each returns what it scanned and what it found, and judges nothing.

A scanner that is missing or fails is a fact too: `ScannerFacts.problem` says why.
"""

from __future__ import annotations
