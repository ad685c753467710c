"""What a cluster is made of, below its API: its processes, files, store and listening ports."""
