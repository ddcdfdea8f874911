"""Muon is torch's, at the precision of the training; an update is nearly orthogonal."""

import pytest
import torch

from chemmara.language_model.build import build
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.pretraining.muon import Muon, orthogonal
from chemmara.pretraining.optim import optimizers
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.train import resolve_precision

RATE, DECAY = 0.01, 0.2


def trained(precision: torch.dtype | None) -> torch.Tensor:
    """A matrix (48, 32) after four updates with the same gradients; None: by torch's own Muon."""
    generator = torch.Generator().manual_seed(3)
    weight = torch.nn.Parameter(torch.randn(48, 32, generator=generator))
    optimizer = (
        torch.optim.Muon([weight], lr=RATE, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw")
        if precision is None
        else Muon([weight], RATE, DECAY, precision)
    )
    for _ in range(4):
        weight.grad = torch.randn(48, 32, generator=generator)
        optimizer.step()
    return weight.detach()


def test_in_bfloat16_it_is_torchs_to_the_bit() -> None:
    assert torch.equal(trained(torch.bfloat16), trained(None))


def test_in_float32_it_differs_by_no_more_than_bfloat16_rounds() -> None:
    # an update has entries of about .2 times the rate = .002; four of them, rounded to 8 bits twice in an iteration
    torch.testing.assert_close(trained(torch.float32), trained(None), rtol=0.0, atol=1e-3)


def test_an_update_keeps_the_directions_and_evens_out_their_lengths() -> None:
    # diag(3, 4) / 5 = diag(.6, .8); each iteration turns s into 3.4445 s - 4.775 s^3 + 2.0315 s^5:
    # .6 -> 1.19327 -> .91192 -> .80114 -> .97470 -> .72288, and .8 -> .97648 -> .72112 -> 1.08946 -> .69604 -> 1.11920
    found = orthogonal(torch.diag(torch.tensor([3.0, 4.0])), torch.float32)
    torch.testing.assert_close(found, torch.diag(torch.tensor([0.72288, 1.11920])), rtol=0.0, atol=2e-5)


@pytest.mark.parametrize("shape", [(16, 40), (40, 16), (16, 16)])
def test_singular_vectors_stay_and_singular_values_are_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    left, lengths, right = torch.linalg.svd(orthogonal(matrix, torch.float32), full_matrices=False)
    before_left, _, before_right = torch.linalg.svd(matrix, full_matrices=False)
    assert lengths.min() > 0.6
    assert lengths.max() < 1.3
    torch.testing.assert_close(left @ right, before_left @ before_right, rtol=0.0, atol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_its_products_have_the_precision_of_the_training(precision: str) -> None:
    """A processor that imitates bfloat16 takes thirty times as long for them."""
    config = PretrainConfig(network=RecurrentConfig(embedding=8, hidden=16, layers=2), precision=precision)
    chosen = resolve_precision(config, torch.device("cpu"))
    _, muon = optimizers(build(config.network, 12), config, chosen)
    assert isinstance(muon, Muon)
    assert muon.precision == getattr(torch, precision)
    assert resolve_precision(PretrainConfig(), torch.device("cpu")) == torch.float32
