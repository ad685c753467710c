"""From the tracker to the verdicts and reports."""
