"""The workloads: replicas, probes, rollouts and storage."""
