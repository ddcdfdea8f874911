"""A network from its settings."""

from typing import Annotated

from pydantic import Field

from chemmara.networks.interface import LanguageModel
from chemmara.networks.rnn import Recurrent, RecurrentConfig
from chemmara.networks.transformer import Transformer, TransformerConfig

NetworkConfig = Annotated[RecurrentConfig | TransformerConfig, Field(discriminator="kind")]


def build(config: RecurrentConfig | TransformerConfig, vocabulary: int) -> LanguageModel:
    """A network with fresh weights, drawn from torch's generator, for a vocabulary of that many ids."""
    if isinstance(config, TransformerConfig):
        return Transformer(config, vocabulary)
    return Recurrent(config, vocabulary)
