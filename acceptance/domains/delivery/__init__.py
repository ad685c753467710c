"""Reviews, tests, scans, workflows, staging and releases."""
