"""An ephemeral single-node Kubernetes in namespaces of its own, on any Linux machine, as root."""
