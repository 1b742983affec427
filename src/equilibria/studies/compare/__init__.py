"""Comparisons of recipes with the same data, seeds and budget."""
