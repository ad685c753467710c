"""Certificates, TLS protocols and security headers."""
