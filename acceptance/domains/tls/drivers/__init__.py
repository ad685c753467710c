"""Protocols that only the domain tls speaks: TLS scans, and HTTP requests for headers."""
