"""What is found out about runs: how good they are, how they compare."""
