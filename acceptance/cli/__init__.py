"""The command line `acceptance`: what can be asked without a cluster, one module a command."""
