"""What may be wrong with a run, read from its records. The table is the registration."""
