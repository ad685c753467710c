"""One call to an actor per step; nothing here knows Kubernetes, HTTP or a browser."""
