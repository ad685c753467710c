"""The cluster itself: its nodes, API, DNS and scheduling."""
