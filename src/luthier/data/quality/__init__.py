"""Which examples deserve doubt, and why: detectors, scores and pictures. Pure functions of the examples."""

from luthier.data.quality.neighbours import near_duplicate_groups
from luthier.data.quality.private import PrivateSpan, find_private
from luthier.data.quality.scoring import Scored, keep_positions, score_examples

__all__ = ["PrivateSpan", "Scored", "find_private", "keep_positions", "near_duplicate_groups", "score_examples"]
