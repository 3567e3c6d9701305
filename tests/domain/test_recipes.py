import pytest
from pydantic import ValidationError

from luthier.domain.recipes import Recipe


def test_half_precision_that_overflows_in_silence_cannot_be_asked_for() -> None:
    """Silent killer: in fp16 the loss stays finite while gradients overflow, and steps are left out."""
    assert Recipe(data="file", settings={"precision": "bf16"}).settings == {"precision": "bf16"}
    with pytest.raises(ValidationError, match="'bf16', 'fp32' or 'nf4'"):
        Recipe(data="file", settings={"precision": "fp16"})
