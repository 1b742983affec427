"""Floor 6. Train and resume runs, and record them."""
