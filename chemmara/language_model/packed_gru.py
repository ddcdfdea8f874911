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


def packed_gru(inputs: Tensor, sizes: Sequence[int], layer: nn.GRU, number: int) -> Tensor:
    """States (rows, hidden) of layer `number` of a torch GRU, from zeros, after each of the inputs (rows, width).

    Rows are packed as `torch.nn.utils.rnn.PackedSequence` packs them: `sizes[t]` rows of step t, longest first. Under
    CPU autocast the matrix products are in its type, all else in that of the inputs.
    """
    weights = [getattr(layer, f"{name}_l{number}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    low = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else inputs.dtype
    return _PackedGRU.apply(inputs, tuple(sizes), low, *weights)


class _PackedGRU(torch.autograd.Function):
    """h' = (1 - z) n + z h; r and z = sigmoid(W_i x + b_i + W_h h + b_h), n = tanh(W_i x + b_i + r (W_h h + b_h))."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        sizes: tuple[int, ...],
        low: torch.dtype,
        w_i: Tensor,
        w_h: Tensor,
        b_i: Tensor,
        b_h: Tensor,
    ) -> Tensor:
        width = w_h.shape[1]
        inner = slice(0, 2 * width)  # of r and z
        x, w_i, w_h = x.to(low), w_i.to(low), w_h.to(low)
        gates = torch.mm(x, w_i.T).to(b_i.dtype).add_(b_i)
        gates[:, inner] += b_h[inner]
        kept, states = gates.new_empty(len(x), width), gates.new_empty(len(x), width)  # kept: W_hn h + b_hn
        state = gates.new_zeros(sizes[0], width)
        for first, end in _spans(sizes):
            gate, state = gates[first:end], state[: end - first]
            recurrent = torch.mm(state.to(low), w_h.T)
            gate[:, inner].add_(recurrent[:, inner]).sigmoid_()
            candidate = torch.add(recurrent[:, 2 * width :], b_h[2 * width :], out=kept[first:end])
            fresh = gate[:, 2 * width :].addcmul_(gate[:, :width], candidate).tanh_()
            state = torch.lerp(fresh, state, gate[:, width : 2 * width], out=states[first:end])
        ctx.sizes = sizes
        ctx.save_for_backward(x, w_i, w_h, gates, kept, states)
        return states

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, w_i, w_h, gates, kept, states = ctx.saved_tensors
        width, low = w_h.shape[1], x.dtype
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
            carried = torch.mm(recurrent[first:end], w_h).to(gradient.dtype).addcmul_(arriving, update[first:end])
        inward = slopes.to(low)
        of_weights = (torch.mm(inward.T, x), torch.mm(recurrent.T, before.to(low)), slopes.sum(0), recurrent.sum(0))
        return (torch.mm(inward, w_i).to(gradient.dtype), None, None, *(part.to(gradient.dtype) for part in of_weights))


def _spans(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """First row and end of every step."""
    return list(pairwise(accumulate(sizes, initial=0)))


def _before(states: Tensor, sizes: Sequence[int]) -> Tensor:
    """The state before each step; zeros before the first."""
    before, spans = torch.zeros_like(states), _spans(sizes)
    for (previous, _), (first, end) in pairwise(spans):
        before[first:end] = states[previous : previous + end - first]
    return before
