"""The folder of a run: its recipe, summary, events and checkpoints, written whole and read in one place."""
