"""A network from its settings."""

from typing import Annotated

from pydantic import Field

from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.rnn import Recurrent, RecurrentConfig
from chemmara.language_model.transformer import Transformer, TransformerConfig

NetworkConfig = Annotated[RecurrentConfig | TransformerConfig, Field(discriminator="kind")]


def build(config: RecurrentConfig | TransformerConfig, vocabulary: int) -> LanguageModel:
    """A network with fresh weights, drawn from torch's generator, for a vocabulary of that many ids."""
    if isinstance(config, TransformerConfig):
        return Transformer(config, vocabulary)
    return Recurrent(config, vocabulary)
