"""Pages that need nothing but themselves: what is known of a run, or of several."""
