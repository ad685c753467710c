"""Rotates the system's secrets under traffic: `acceptance rotate`, explained in ADR 14.

Everything that a rotation has to remember lies in the cluster, so that one that was killed at any
point goes on where it was: `state` is what the Secret says, `sequence` is what to do next.
"""

from operations.rotation.sequence import rotate

__all__ = ["rotate"]
