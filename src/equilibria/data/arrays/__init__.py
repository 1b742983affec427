"""Arrays of numbers, and what they mean: images, points, labels."""
