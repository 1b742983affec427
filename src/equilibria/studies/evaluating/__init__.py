"""What a run's model is worth: figures on held-out data, each beside that of real samples, each with its card."""

from .evaluating import evaluate

__all__ = ["evaluate"]
