"""What a cluster consists of below its API: processes, files, data store, open ports."""
