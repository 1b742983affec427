"""Floor 6. The doors: the command line."""
