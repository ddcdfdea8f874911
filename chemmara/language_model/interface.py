"""What pretraining, sampling, likelihood and reinforcement learning ask of a network: nothing but this."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor
from torch.nn import Module, Parameter


@dataclass(frozen=True)
class State:
    """What a network remembers of the sequences so far."""

    rows: tuple[Tensor, ...]  # dimension 0 of each is the batch
    shared: tuple[Tensor, ...] = ()  # worked out once for all sequences and tokens; not valid after an update

    def kept(self, going: Tensor) -> "State":
        """The state of those sequences (batch,) that go on."""
        return State(tuple(part[going] for part in self.rows), self.shared)


class LanguageModel(Protocol):
    """A probability of the next token given those before it; a `torch.nn.Module` in practice."""

    def __call__(self, tokens: Tensor) -> Tensor:
        """Logits (batch, length, vocabulary) after each of the tokens (batch, length), the start token first."""
        ...

    def start(self, batch: int) -> State:
        """The state before any token."""
        ...

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (batch, vocabulary) after one more token (batch,), and the state then."""
        ...

    # The rest is torch.nn.Module's, listed so that a checker knows it.
    training: bool

    def modules(self) -> Iterator[Module]:
        """Itself and its parts."""
        ...

    def parameters(self) -> Iterator[Parameter]:
        """Weights."""
        ...

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Weights with their names."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Weights by name, for a checkpoint."""
        ...

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take the weights of a checkpoint."""
        ...

    def to(self, device: Any) -> Any:
        """Move to a device."""
        ...

    def train(self, mode: bool = True) -> Any:
        """Dropout on."""
        ...

    def eval(self) -> Any:
        """Dropout off."""
        ...
