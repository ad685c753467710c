"""Makes images, manifests and programs, and caches what it built."""
