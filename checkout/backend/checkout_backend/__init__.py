"""The checkout service: checkouts are created, given items, paid or cancelled, over HTTP."""
