"""A layer of gated recurrent units over packed sequences on a CPU, with its gradient written out.

torch's own spends a third of an update on padding; fed packed sequences, its gradient takes several times as long,
since every step adds to a tensor of the whole batch. Here a step touches the rows that are still going, the weights'
gradients are one product each at the end, and under autocast the weights are rounded once, not at every step.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor, nn


def packed_gru(inward: Tensor, sizes: Sequence[int], layer: nn.GRU, number: int) -> Tensor:
    """States (rows, hidden) of layer `number` of a torch GRU, from zeros, after each of the inputs.

    `inward` (rows, 3 hidden) is what the inputs bring to the gates, W_i x + b_i. Rows are packed as
    `torch.nn.utils.rnn.PackedSequence` packs them: `sizes[t]` rows of step t, longest first. Under CPU autocast the
    products with earlier states are in its type, all else in that of the weights.
    """
    weight, bias = getattr(layer, f"weight_hh_l{number}"), getattr(layer, f"bias_hh_l{number}")
    low = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else bias.dtype
    return _PackedGRU.apply(inward.to(bias.dtype), tuple(sizes), low, weight, bias)


def gru_cell(inward: Tensor, state: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """States (rows, hidden) after one more input, which brings `inward` (rows, 3 hidden) to the gates.

    `weight` (hidden, 3 hidden) is torch's turned around: laid out so, few rows take a fifth less time.
    """
    inner = 2 * state.shape[1]  # of r and z
    recurrent = torch.addmm(bias, state, weight)
    reset, update = (inward[:, :inner] + recurrent[:, :inner]).sigmoid_().chunk(2, dim=1)
    fresh = torch.addcmul(inward[:, inner:], reset, recurrent[:, inner:]).tanh_()
    return torch.lerp(fresh, state, update)


class _PackedGRU(torch.autograd.Function):
    """h' = (1 - z) n + z h; r and z = sigmoid(i + W_h h + b_h), n = tanh(i + r (W_h h + b_h)), with the inward i."""

    @staticmethod
    def forward(
        ctx: Any, inward: Tensor, sizes: tuple[int, ...], low: torch.dtype, weight: Tensor, bias: Tensor
    ) -> Tensor:
        width = weight.shape[1]
        inner = slice(0, 2 * width)  # of r and z
        weight = weight.to(low)
        turned = weight.T.contiguous()  # few rows take a fifth less time so
        gates = inward.clone()
        gates[:, inner] += bias[inner]
        kept, states = gates.new_empty(len(gates), width), gates.new_empty(len(gates), width)  # kept: W_hn h + b_hn
        state = gates.new_zeros(sizes[0], width)
        for first, end in _spans(sizes):
            gate, state = gates[first:end], state[: end - first]
            recurrent = torch.mm(state.to(low), turned)
            gate[:, inner].add_(recurrent[:, inner]).sigmoid_()
            candidate = torch.add(recurrent[:, 2 * width :], bias[2 * width :], out=kept[first:end])
            fresh = gate[:, 2 * width :].addcmul_(gate[:, :width], candidate).tanh_()
            state = torch.lerp(fresh, state, gate[:, width : 2 * width], out=states[first:end])
        ctx.sizes = sizes
        ctx.save_for_backward(weight, gates, kept, states)
        return states

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        weight, gates, kept, states = ctx.saved_tensors
        width, low = weight.shape[1], weight.dtype
        before = _before(states, ctx.sizes)
        reset, update, fresh = gates.split(width, dim=1)
        slopes = torch.empty_like(gates)  # of r, z and n before their nonlinearity, by the state after the step
        of_fresh = slopes[:, 2 * width :].copy_((1 - update) * (1 - fresh * fresh))
        slopes[:, :width] = of_fresh * kept * reset * (1 - reset)
        slopes[:, width : 2 * width] = (before - fresh) * update * (1 - update)
        recurrent = torch.empty_like(gates, dtype=low)
        carried = gradient.new_zeros(0, width)
        for first, end in reversed(_spans(ctx.sizes)):
            arriving = gradient[first:end].clone()
            arriving[: len(carried)] += carried
            slope = slopes[first:end]
            slope.view(-1, 3, width).mul_(arriving[:, None])
            recurrent[first:end, : 2 * width] = slope[:, : 2 * width]
            recurrent[first:end, 2 * width :] = slope[:, 2 * width :] * reset[first:end]
            carried = torch.mm(recurrent[first:end], weight).to(gradient.dtype).addcmul_(arriving, update[first:end])
        of_weight, of_bias = torch.mm(recurrent.T, before.to(low)), recurrent.sum(0)
        return slopes, None, None, of_weight.to(gradient.dtype), of_bias.to(gradient.dtype)


def _spans(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """First row and end of every step."""
    return list(pairwise(accumulate(sizes, initial=0)))


def _before(states: Tensor, sizes: Sequence[int]) -> Tensor:
    """The state before each step; zeros before the first."""
    before, spans = torch.zeros_like(states), _spans(sizes)
    for (previous, _), (first, end) in pairwise(spans):
        before[first:end] = states[previous : previous + end - first]
    return before
