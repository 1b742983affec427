"""Studies of runs: evaluations, comparisons, and the pages that report them."""
