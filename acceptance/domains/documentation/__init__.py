"""Pages, links, staleness and the threat model."""
