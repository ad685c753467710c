"""What the pipeline loads into pytest and vitest, to know which tests there are."""
