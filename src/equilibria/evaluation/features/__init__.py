"""What images, points, tables are compared by. The table is the registration."""
