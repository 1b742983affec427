"""Recipes side by side: the same data, seeds and budget for all, and what the numbers support."""
