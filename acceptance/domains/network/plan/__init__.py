"""The connections that are planned, and the places that they are between."""
