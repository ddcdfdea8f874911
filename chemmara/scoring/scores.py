"""Scores: what an objective says of a batch of molecules."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scores:
    """One batch of measurements; row i of every field is the i-th SMILES of the batch.

    NaN means "no score". An invalid SMILES has `valid` False; a valid row that the oracle could not
    measure (a crash, a time-out, a spent budget) has `valid` True, `total` NaN and its reason in `error`.
    """

    smiles: list[str]  # canonical SMILES; "" for an invalid SMILES
    total: np.ndarray  # (n,) float64, 0 to 1, what the chemist asked for
    components: dict[str, np.ndarray]  # name -> (n,) float64, raw values before the transform
    valid: np.ndarray  # (n,) bool
    error: list[str]  # reason for a missing score; "" where there is none
    call: np.ndarray  # (n,) int64, the oracle call (from 1) that measured the row; 0 outside a budget or without one

    def calls_after(self, call: int) -> dict[int, tuple[str, float]]:
        """Molecules that calls after this one measured, with their scores, by the number of their call."""
        rows = zip(self.call.tolist(), self.smiles, self.total.tolist(), strict=True)
        return {number: (smiles, score) for number, smiles, score in rows if smiles and number > call}

    def chosen(self, rows: slice) -> "Scores":
        """The rows of a slice."""
        components = {name: values[rows] for name, values in self.components.items()}
        return Scores(
            self.smiles[rows], self.total[rows], components, self.valid[rows], self.error[rows], self.call[rows]
        )
