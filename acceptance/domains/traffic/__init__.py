"""Visitors over HTTP and in a browser, and the ingress that lets them in."""
