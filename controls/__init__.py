"""Controls: each breaks the running system on purpose, and one scenario has to see it."""
