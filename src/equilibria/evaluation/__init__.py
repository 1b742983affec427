"""Floor 3. Metrics, diagnostics and the doctor; independent of training."""
