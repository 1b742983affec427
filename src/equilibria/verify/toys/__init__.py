"""Small worlds in which theory knows the answer."""
