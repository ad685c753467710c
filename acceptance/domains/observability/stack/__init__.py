"""The programs of the monitoring: that they run, and what they keep when they are killed."""
