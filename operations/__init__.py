"""The delivered system's own tools. The scenarios run them and never import them."""
