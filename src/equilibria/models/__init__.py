"""Floor 5. What a trained model is good for."""
