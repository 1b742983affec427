"""Floor 3. How a game is played."""
