"""Network policies: who may connect to whom, and who does."""
