"""From answers to proof: scores, intervals, comparisons."""
