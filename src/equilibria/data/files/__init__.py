"""Files that others wrote: found, fetched, judged before they are read, and kept once decoded."""
