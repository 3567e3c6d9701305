"""What a run trains, whatever it is: an adapter on a frozen base, or every weight of it."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.reward_head import RewardHead


class Trained(ABC):
    """`folder_name` is where a run keeps the result, `weights_name` the file in it that is the result itself."""

    folder_name: str
    weights_name: str

    def __init__(self, parameters: FlatParameters, head: RewardHead | None = None) -> None:
        self.parameters = parameters
        self.head = head  # of a reward model; trained with the rest

    @property
    def trainable_parameters(self) -> int:
        fixed = self.parameters.fixed
        return self.parameters.values.numel() - (0 if fixed is None else int(fixed.sum()))

    def head_as_it_began(self) -> AbstractContextManager[None]:
        return nullcontext() if self.head is None else self.head.as_it_began()

    @abstractmethod
    def disabled(self) -> AbstractContextManager[None]:
        """Within, the model computes as the base alone."""

    def training(self) -> AbstractContextManager[None]:
        """Within, dropout is active where there is any."""
        return nullcontext()

    @abstractmethod
    def add_own_gradient(self) -> None:
        """To the gradient of the loss: of what this kind of training draws its values to besides."""

    def refresh(self) -> None:
        """After the values have changed: brings the copies that products run on up to date."""
        self.parameters.refresh()

    @abstractmethod
    def write(self, folder: Path, base_name: str, base_revision: str) -> None:
        """The result, in the format in which other tools expect it."""
