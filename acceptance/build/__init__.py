"""Images, manifests, caches: what is made before anything is deployed."""
