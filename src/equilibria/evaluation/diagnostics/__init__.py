"""What can be seen of a game while it is played. The table is the registration."""
