"""A continuous answer: density on a line, a mixture of Gaussians as the policy."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from chemmara.lab.result import Result
from chemmara.rl.regressions import log_variance_loss
from chemmara.rl.rewards import mara_rewards

_BETA, _THRESHOLD = 0.1, 0.5
_GRID: Final = np.linspace(-10.0, 10.0, 4001)  # as far as any of the densities goes
_CENTRES: Final = (-2.0, 0.5, 2.5)  # of the three modes; the prior stands on the first
_NEAR = 0.05  # relative, of a mode's mass
_BOUND = 0.02  # nats: what 24 Gaussians can do about the steep edges of MARA's plateau


def continuous(seeds: int = 3, *, quick: bool = False) -> Result:
    """Three equally good modes of which the prior likes one; the policy is learned from samples."""
    rows, densities = [], {}
    for rewards in ("vanilla", "mara"):
        target = _target(rewards)
        for seed in range(1 if quick else seeds):
            policy = _learn(rewards, seed, steps=1000 if quick else 12000)
            density = policy.density(_GRID)
            densities[rewards] = (target, density)
            rows.append(
                {"rewards": rewards, "seed": seed, "kl": _kl(density, target)}
                | {f"exact mass, mode {i + 1}": mass for i, mass in enumerate(_masses(target))}
                | {f"learned mass, mode {i + 1}": mass for i, mass in enumerate(_masses(density))}
            )
    table = pd.DataFrame(rows)
    least: Any = table.filter(like="learned mass").min(axis=1).groupby(table["rewards"]).min()
    exact = table.filter(like="exact mass").to_numpy()
    off = np.abs(np.log(table.filter(like="learned mass").to_numpy() / exact)).max()
    worst: Any = table["kl"].max()
    return Result(
        "continuous",
        "the collapse and its cure do not depend on answers being countable, nor on reverse KL seeking one mode: with a"
        " flexible policy, the optimum itself decides.",
        f"a mixture of Gaussians learns both optima from samples to {_BOUND:g} nats, and the mass of each mode to 5 %;"
        " MARA's has equal density on all three modes, the other has next to nothing on the last.",
        f"largest KL(policy || G) {worst:.3g} nats; masses off by at most {np.expm1(off):.2%}; smallest mass of a mode"
        f" {least['vanilla']:.2g} without MARA, {least['mara']:.3f} with it.",
        bool(worst < _BOUND and np.expm1(off) < _NEAR), table, _figure(densities), not quick,
    )  # fmt: skip


def _scores(x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * np.min([((x - centre) / 0.35) ** 2 for centre in _CENTRES], axis=0))


def _prior_logp(x: np.ndarray) -> np.ndarray:
    """A Gaussian around the first mode, and a little of a wide one."""
    near = -0.5 * ((x + 1.5) / 0.8) ** 2 - np.log(0.8 * np.sqrt(2 * np.pi))
    wide = -0.5 * (x / 2.5) ** 2 - np.log(2.5 * np.sqrt(2 * np.pi))
    return np.logaddexp(np.log(0.97) + near, np.log(0.03) + wide)


def _target(rewards: str) -> np.ndarray:
    """Density of the exact optimum on the grid."""
    scores, logp = _scores(_GRID), _prior_logp(_GRID)
    augmented = mara_rewards(scores, logp, threshold=_THRESHOLD, beta=_BETA) if rewards == "mara" else scores
    values = np.exp(logp + augmented / _BETA - (logp + augmented / _BETA).max())
    return values / (values.sum() * (_GRID[1] - _GRID[0]))


@dataclass
class _Mixture:
    """Gaussians with learned weights, means and widths."""

    parameters: list[nn.Parameter]

    def logp(self, x: Tensor) -> Tensor:
        weights, means, widths = self.parameters
        z = (x[:, None] - means) / widths.exp()
        return (weights.log_softmax(0) - 0.5 * z**2 - widths - 0.5 * np.log(2 * np.pi)).logsumexp(1)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        weights, means, widths = (parameter.detach() for parameter in self.parameters)
        rows = torch.multinomial(weights.softmax(0), n, replacement=True, generator=generator)
        return means[rows] + widths[rows].exp() * torch.randn(n, generator=generator, dtype=torch.float64)

    def density(self, x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.logp(torch.from_numpy(x)).exp().numpy()


def _learn(rewards: str, seed: int, *, steps: int, batch: int = 512, components: int = 24) -> _Mixture:
    """Log-variance regression on samples of the policy, a tenth of them drawn evenly over the line."""
    generator = torch.Generator().manual_seed(seed)
    means = torch.linspace(-3.8, 3.8, components, dtype=torch.float64)
    values = (torch.zeros(components, dtype=torch.float64), means, torch.full_like(means, np.log(0.25)))
    policy = _Mixture([nn.Parameter(value.clone()) for value in values])
    search = torch.optim.Adam(policy.parameters, lr=0.02)
    for step in range(steps):
        even = 8 * torch.rand(batch // 8, generator=generator, dtype=torch.float64) - 4
        x = torch.cat([policy.sample(batch - len(even), generator), even])
        scores, prior_logp = _scores(x.numpy()), _prior_logp(x.numpy())
        augmented = mara_rewards(scores, prior_logp, threshold=_THRESHOLD, beta=_BETA) if rewards == "mara" else scores
        loss = log_variance_loss(
            policy.logp(x), torch.from_numpy(prior_logp), torch.from_numpy(np.asarray(augmented)), beta=_BETA
        ).mean()
        for group in search.param_groups:
            group["lr"] = 0.02 * (1 - step / steps)
        search.zero_grad()
        loss.backward()
        search.step()
    return policy


def _masses(density: np.ndarray) -> list[float]:
    """Of the good part of each mode."""
    good = _scores(_GRID) >= _THRESHOLD
    nearest = np.argmin([np.abs(_GRID - centre) for centre in _CENTRES], axis=0)
    return [float(density[good & (nearest == i)].sum() * (_GRID[1] - _GRID[0])) for i in range(len(_CENTRES))]


def _kl(density: np.ndarray, target: np.ndarray) -> float:
    return float((density * np.log(np.maximum(density, 1e-300) / target)).sum() * (_GRID[1] - _GRID[0]))


def _figure(densities: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, (rewards, (target, density)) in zip(figure.subplots(1, 2, sharey=True), densities.items(), strict=True):
        axes.fill_between(_GRID, np.exp(_prior_logp(_GRID)), color="#dddddd", label="prior")
        axes.plot(_GRID, _scores(_GRID), color="#888888", linewidth=0.8, label="score")
        axes.plot(_GRID, target, color="#0b7285", label="optimum")
        axes.plot(_GRID, density, "--", color="#e8590c", label="learned")
        axes.set_title(rewards, fontsize=10)
        axes.set_xlim(-4.5, 4.5)
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure
