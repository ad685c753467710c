"""Configuration, credentials, and their rotation as seen from outside."""
