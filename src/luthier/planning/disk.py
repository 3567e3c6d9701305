"""What a run's folder will take on the disk."""

from luthier.domain.plans import DataFacts, Estimate
from luthier.planning.load import Load

_VALUE_BYTES = 4  # of each trained parameter in the result
_TEXT_BYTES = 5.0  # of an example's text, per token, with its JSON around it
_REPORTS = 2_000_000  # journal, log, reports


def folder_size(load: Load, keep_checkpoints: int, facts: DataFacts) -> Estimate:
    """One checkpoint more than are kept: a new one is written before the oldest is removed."""
    tensors = load.trained_parameters * (load.checkpoint_bytes_per_trained * (keep_checkpoints + 1) + _VALUE_BYTES)
    text = (facts.examples + facts.held_out) * facts.tokens_mean * _TEXT_BYTES
    return Estimate(
        low=tensors + 0.5 * text,
        high=tensors + 2 * text + _REPORTS,
        unit="bytes",
        confidence=0.9,
        basis=f"{keep_checkpoints} checkpoints and one being written, the adapter, the examples, and the reports.",
    )
