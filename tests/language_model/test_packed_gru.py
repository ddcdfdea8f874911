"""Our own GRU layer is torch's, in value and gradient, without the padding."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import linear
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from chemmara.language_model.packed_gru import gru_cell, packed_gru


def packed(lengths: list[int], width: int = 5) -> PackedSequence:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(len(lengths), max(lengths), width, dtype=torch.double, generator=generator)
    return pack_padded_sequence(x, sorted(lengths, reverse=True), batch_first=True)


def two_layers(gru: torch.nn.GRU, rows: Tensor, sizes: list[int]) -> Tensor:
    first = packed_gru(linear(rows, gru.weight_ih_l0, gru.bias_ih_l0), sizes, gru, 0)
    return packed_gru(linear(first, gru.weight_ih_l1, gru.bias_ih_l1), sizes, gru, 1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_states_and_every_gradient_are_torchs(lengths: list[int]) -> None:
    torch.manual_seed(0)
    gru = torch.nn.GRU(5, 7, num_layers=2, batch_first=True).double()
    x = packed(lengths)
    rows = x.data.requires_grad_()
    theirs = gru(x._replace(data=rows))[0].data
    ours = two_layers(gru, rows, x.batch_sizes.tolist())
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)
    weights = [rows, *gru.parameters()]
    pull = torch.randn(theirs.shape, dtype=torch.double)
    for own, other in zip(
        torch.autograd.grad((ours * pull).sum(), weights),
        torch.autograd.grad((theirs * pull).sum(), weights),
        strict=True,
    ):
        torch.testing.assert_close(own, other, atol=1e-11, rtol=0)


def test_under_autocast_products_are_rounded_and_nothing_else() -> None:
    torch.manual_seed(0)
    gru = torch.nn.GRU(5, 7, num_layers=2, batch_first=True)
    x = packed([6, 4, 4, 1])
    rows, sizes = x.data.float(), x.batch_sizes.tolist()
    exact = two_layers(gru, rows, sizes)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = two_layers(gru, rows, sizes)
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, atol=0.02, rtol=0)  # bfloat16 has eight bits


def test_a_single_step_is_torchs() -> None:
    torch.manual_seed(0)
    gru = torch.nn.GRU(5, 7, batch_first=True).double()
    x, state = torch.randn(4, 5, dtype=torch.double), torch.randn(4, 7, dtype=torch.double)
    theirs = torch.gru_cell(x, state, gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0)
    ours = gru_cell(linear(x, gru.weight_ih_l0, gru.bias_ih_l0), state, gru.weight_hh_l0.T, gru.bias_hh_l0)
    torch.testing.assert_close(ours, theirs, atol=1e-14, rtol=0)
