"""The Kubernetes API: client, facts, watches, paths and pods."""
