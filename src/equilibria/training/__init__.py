"""Floor 3. Training: the state of a run, its rounds, optimizers and hardware."""
