"""Runs an ephemeral k3s cluster in containers, by the k3d command line."""
