"""Runs an ephemeral single-node Kubernetes in separate namespaces, as root on any Linux machine."""
