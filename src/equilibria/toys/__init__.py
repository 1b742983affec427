"""Small games and critics for which theory knows the answer."""
