"""The proof: answers become right or wrong, shares get intervals, and two models are compared on the same examples."""

from luthier.evaluation.compare import compare, score

__all__ = ["compare", "score"]
