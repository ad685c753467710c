"""What goes wrong with systems and with the work on them, by what it is about."""
