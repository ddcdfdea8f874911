"""A campaign's prospects from a pilot: what it would begin with, scored once, and read at many betas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from chemmara.campaign.forecast import Forecast, Pilot, forecast
from chemmara.campaign.measuring import handing_over_batches
from chemmara.campaign.settings import CampaignConfig
from chemmara.campaign.start import first_molecules, given_parts
from chemmara.decoration.spelled import Spelled
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.device import chosen_device, to_numpy
from chemmara.molecules.chem import parse, scaffold
from chemmara.rl.rewards import RewardName
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.objective import Objective

BETAS: Final = (1 / 512, 1 / 128, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4)
_ROWS = 128  # sampled side by side
_SOUGHT = 0.5  # probability of a hit that a recommended beta reaches
_BELOW = 0.05  # how far below the hit threshold tau does best (docs/methods/tau.md)
_LEFT = 0.02  # share of the pilot that must reach tau for an anchor to be met in a batch


@dataclass(frozen=True)
class Plan:
    """What a pilot says of a campaign."""

    pilot: Pilot
    calls: int  # that the pilot cost
    forecasts: list[Forecast]
    beta: float
    tau: float
    why: str

    def table(self) -> pd.DataFrame:
        """One row a forecast."""
        rows = [
            {
                "method": found.rewards, "beta": found.beta, "tau": found.tau, "score": found.score,
                "hits": found.good, "low": found.low, "high": found.high, "strings": found.strings,
                "molecules": found.molecules,
                "scaffolds": found.scaffolds, "flips": found.flips, "effective samples": found.samples,
                "seen": found.seen,
            }
            for found in self.forecasts
        ]  # fmt: skip
        return pd.DataFrame(rows)


def plan(
    campaign: CampaignConfig, *, n: int, betas: Sequence[float] = BETAS, advance: Callable[[int], None] = lambda _: None
) -> Plan:
    """Sample the prior n times, score the valid molecules, and forecast the optimum for every beta.

    Where the campaign starts from parts, the sample is of the prior's molecules that hold them. Costs at most n oracle
    calls, of the campaign's cache where it has one. ChemmaraError if nothing could be scored.
    """
    pilot, calls = _pilot(campaign, n, advance)
    tau = _recommended_tau(pilot, campaign.hit_threshold)
    kinds: tuple[RewardName, ...] = ("vanilla", "prior-undone", "mara")
    forecasts = [
        forecast(pilot, kind, beta=beta, tau=tau, hit_threshold=campaign.hit_threshold)
        for kind in kinds
        for beta in betas
    ]
    beta, why = _recommended_beta([found for found in forecasts if found.rewards == "vanilla"])
    return Plan(pilot, calls, forecasts, beta, tau, why)


def _pilot(campaign: CampaignConfig, n: int, advance: Callable[[int], None]) -> tuple[Pilot, int]:
    prior = load_prior(campaign.prior, chosen_device(campaign.device, min(n, _ROWS)))
    objective = Objective(campaign.objective)
    parts = given_parts(campaign.start, prior)
    spelled = Spelled.of(parts.patterns, prior) if parts else None
    logp, scores, smiles = [], [], []
    with handing_over_batches(campaign, objective) as hand_over:
        budget = Budgeted(objective, hand_over, n)
        for rollout in first_molecules(parts, prior, n, seed=campaign.seed, side_by_side=_ROWS):
            found = budget(rollout.smiles)
            known = ~np.isnan(found.total) | ~found.valid  # a molecule without a score says nothing
            spelling = spelled.of_texts(rollout.smiles) if spelled else 0.0  # is the sampler's choice
            logp.append((to_numpy(rollout.logp).astype(np.float64) - spelling)[known])
            scores.append(np.where(found.valid, found.total, 0.0)[known])
            smiles += [text for text, keep in zip(found.smiles, known, strict=True) if keep]
            advance(len(rollout.smiles))
    if parts and not logp:
        raise ChemmaraError(f"[start]: no molecule of {prior.name} was found that holds what it gives; widen it")
    if not any(smiles):
        raise ChemmaraError(f"{campaign.prior}: not one of {n} samples could be scored; try the objective on a library")
    scaffolds = [_scaffold(text) for text in smiles]
    return Pilot(np.concatenate(logp), np.concatenate(scores), smiles, scaffolds, parts is None), budget.used


def _scaffold(smiles: str) -> str:
    """The scaffold; "acyclic" for a molecule without rings, "" for an invalid SMILES."""
    molecule = parse(smiles) if smiles else None
    return "" if molecule is None else scaffold(molecule) or "acyclic"


def _recommended_tau(pilot: Pilot, hit_threshold: float) -> float:
    """A little below the hit threshold, or lower where the prior hardly reaches that."""
    reachable = float(np.quantile(pilot.scores, 1 - _LEFT))
    return round(max(0.05, min(hit_threshold - _BELOW, reachable)), 3)


def _recommended_beta(forecasts: list[Forecast]) -> tuple[float, str]:
    """The largest beta, nearest to the prior, at which hits are likely even without MARA, whose lift adds to it."""
    fitting = [found for found in forecasts if found.good >= _SOUGHT]
    chosen = max(fitting, key=lambda found: found.beta) if fitting else max(forecasts, key=lambda found: found.good)
    words = (
        f"the largest beta at which a hit has a probability of at least {_SOUGHT:g} even without MARA"
        if fitting
        else "no beta makes hits likely from here; this one comes nearest"
    )
    trust = (
        f"{chosen.samples:.0f} effective samples speak for it"
        if chosen.trusted
        else f"only {chosen.samples:.1f} effective samples speak for it: take the order of betas from this, not figures"
    )
    return chosen.beta, f"{words}; {trust}"
