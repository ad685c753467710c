"""Rotates the system's secrets while it serves: `operations rotate`. ADR 14 gives the reasons.

The cluster holds everything that a rotation has to remember, so an interrupted one can resume:
`state` reads and writes it on the Secret, `phases` does what comes next.
"""

from operations.rotation.phases import rotate

__all__ = ["rotate"]
