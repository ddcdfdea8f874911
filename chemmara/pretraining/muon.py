"""Muon: updates of a matrix with all their directions equally long, at the precision of the training."""

from collections.abc import Iterable
from typing import Final, final

import torch
from torch import Tensor
from torch.optim import Optimizer

_QUINTIC: Final = (3.4445, -4.7750, 2.0315)  # of the iteration; steepest at zero (Jordan et al. 2024)
_ITERATIONS: Final = 5
_MOMENTUM: Final = 0.95
_LEAST_NORM: Final = 1e-7


@final
class Muon(Optimizer):
    """Nesterov momentum whose update of a matrix is made nearly orthogonal, and as large as AdamW's would be.

    The arithmetic of `torch.optim.Muon(..., adjust_lr_fn="match_rms_adamw")`, which computes in bfloat16 everywhere;
    this computes in `precision` (docs/decisions/0008-muon.md). Source: Jordan et al. 2024,
    https://kellerjordan.github.io/posts/muon/; its size: Liu et al. 2025, arXiv 2502.16982.
    """

    def __init__(self, matrices: Iterable[Tensor], lr: float, weight_decay: float, precision: torch.dtype) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})
        self.precision = precision

    @torch.no_grad()
    def step(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One update of all matrices that have a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(weight.grad)
                momentum = state["momentum_buffer"].lerp_(weight.grad, 1 - _MOMENTUM)
                update = orthogonal(weight.grad.lerp(momentum, _MOMENTUM), self.precision)
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(update, alpha=-group["lr"] * 0.2 * max(weight.shape) ** 0.5)


def orthogonal(matrix: Tensor, precision: torch.dtype) -> Tensor:
    """A matrix (n, m) with the same singular vectors, and singular values between about .7 and 1.2."""
    a, b, c = _QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    wide = (matrix.T if tall else matrix).to(precision, copy=True)
    wide /= wide.norm().clamp(min=_LEAST_NORM)
    for _ in range(_ITERATIONS):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return wide.T if tall else wide
