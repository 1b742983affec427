"""Floor 3. How good a model is; beside training, neither imports the other."""
