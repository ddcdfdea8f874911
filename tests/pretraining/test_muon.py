"""Muon is torch's, at the precision that the processor has; an update is nearly orthogonal."""

import pytest
import torch

from chemmara.pretraining.muon import Muon, orthogonal, quick_precision

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


@pytest.mark.parametrize(
    ("capability", "precision"), [("AVX512", torch.bfloat16), ("AVX2", torch.float32), ("DEFAULT", torch.float32)]
)
def test_a_processor_that_imitates_bfloat16_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch, capability: str, precision: torch.dtype
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert quick_precision(torch.device("cpu")) == precision
