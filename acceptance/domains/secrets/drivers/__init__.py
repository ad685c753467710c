"""Protocols that only this domain speaks: the database's pod, cursors, what a rotation writes."""
