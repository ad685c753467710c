"""Security contexts of containers, and the admission of pods."""
