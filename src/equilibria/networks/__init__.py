"""Floor 1. What is trained: tensors in, tensors out. The tables are the registration."""
