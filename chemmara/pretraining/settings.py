"""What can be chosen about a training run."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from chemmara.config import Fraction, Strict
from chemmara.language_model.build import NetworkConfig
from chemmara.language_model.checkpoint import Randomisation
from chemmara.language_model.rnn import RecurrentConfig


class PretrainConfig(Strict):
    """Settings of `chemmara pretrain`; together with the corpus they fix the weights to the bit (on a CPU).

    Batch, epochs, rates, warm-up, evaluations and patience that are not given are chosen for the size of the training
    set (`defaults.suited`); the values below are those for a large set and training from scratch.
    """

    network: NetworkConfig = RecurrentConfig()
    """Kind and sizes of the network; taken from the prior where training continues one."""
    notation: Literal["smiles", "selfies"] = "smiles"
    """How molecules are written; taken from the prior where training continues one."""
    random_smiles: Randomisation | None = None
    """Write each training molecule as a new random SMILES in every epoch; None: as its canonical SMILES."""
    epochs: PositiveFloat = 10.0
    """Passes over the training molecules; a fraction is allowed."""
    batch_size: PositiveInt = 128
    """Molecules a step and process."""
    optimizer: Literal["muon", "adamw"] = "muon"
    """Muon for the hidden matrices and AdamW for the rest, or AdamW for all."""
    learning_rate: PositiveFloat = 3e-3
    """AdamW's rate after the warm-up and before the decay."""
    weight_decay: float = Field(default=0.01, ge=0.0)
    """AdamW's pull of the weights towards zero, decoupled from the gradient."""
    muon_learning_rate: PositiveFloat = 1.5e-3
    """Muon's rate, scheduled alike; where training continues a prior, at most `learning_rate`."""
    muon_weight_decay: float = Field(default=0.2, ge=0.0)
    """Muon's pull towards zero, without which full-rank updates make the hidden matrices grow for ever."""
    warmup_steps: NonNegativeInt = 200
    """Steps over which the rate rises from zero."""
    decay: Fraction = 1.0
    """Last part of the run over which the rate falls linearly to zero."""
    max_grad_norm: PositiveFloat = 1.0
    """Longer gradients are shortened to this."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the matrix products: auto is bfloat16 on a CUDA GPU that computes in it and float32 elsewhere."""
    evaluate_every: PositiveInt = 1000
    """Steps between evaluations on the held-out molecules, each of which also saves the state."""
    evaluate_samples: NonNegativeInt = 500
    """Molecules sampled at each evaluation for validity, uniqueness and novelty."""
    patience: PositiveInt = 10
    """Evaluations in a row without a better held-out likelihood after which training stops early."""
    validity_steps: NonNegativeInt = 0
    """Steps of a second stage of reinforcement learning, after which the prior writes fewer invalid SMILES."""
    validity_beta: PositiveFloat = 0.25
    """In that stage, weight of the KL term that holds the weights near the first stage's."""
    validity_rate: PositiveFloat = 1e-4
    """In that stage, Adam's rate, which falls linearly to zero."""
    validity_likelihood: float = Field(default=0.1, ge=0.0)
    """In that stage, weight of the training molecules' likelihood (nats a molecule) beside it."""
    stereo: Literal["keep", "drop"] = "keep"
    """Keep the stereo of a molecule file, or drop it; a prepared corpus has it decided already."""
    extend_vocabulary: bool = False
    """Where training continues a prior: add the tokens that it lacks, instead of leaving those molecules out."""
    seed: NonNegativeInt = 0
    """Fixes the first weights, the order of the molecules, their random SMILES and dropout."""
