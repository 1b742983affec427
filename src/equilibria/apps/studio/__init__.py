"""The studio: a local page to watch, train and use runs, and to play the laboratory. Only `worker` needs torch."""
