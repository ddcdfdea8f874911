"""How an oracle is asked: about which molecules, what it said, and what becomes of one that fails."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError
from chemmara.oracles.interface import Oracle
from chemmara.oracles.stdout import stdout_to_stderr

_SLACK = 1e-9  # rounding that a value may lie beyond its range


@dataclass(frozen=True)
class Measured:
    """What the oracles said of one molecule."""

    values: tuple[float, ...]  # raw, one a component; NaN where an oracle cannot say
    error: str = ""  # why a value is missing


@dataclass(frozen=True)
class Ask:
    """One molecule to measure."""

    smiles: str  # canonical
    known: tuple[float, ...] = ()  # raw values that need not be asked for, one a component, NaN for the others


Measure = Callable[[list[Ask]], list[Measured]]
"""Measures molecules, in order: the objective itself, workers around it, or a memory around them."""


def ask(oracle: Oracle, molecules: list[Mol]) -> list[tuple[float, str]]:
    """Value and reason for its absence, molecule by molecule; what the oracle prints goes to stderr."""
    try:
        with stdout_to_stderr():
            values = np.asarray(oracle(molecules), dtype=float)
        if values.shape != (len(molecules),):
            raise ValueError(f"{values.shape} values for {len(molecules)} molecules")  # noqa: TRY301 - as if it raised
    except ChemmaraError:
        raise  # not the molecule's fault: a server that is gone, a program that is not there
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the one place where an oracle may fail in any way: below
        if len(molecules) == 1:
            return [(np.nan, f"{type(error).__name__}: {error}".splitlines()[0])]
        return [ask(oracle, [molecule])[0] for molecule in molecules]  # so that the failure costs one molecule
    return [_checked(float(value), oracle) for value in values]


def _checked(value: float, oracle: Oracle) -> tuple[float, str]:
    if np.isnan(value):
        return np.nan, "no value"
    if not oracle.low - _SLACK <= value <= oracle.high + _SLACK:
        return np.nan, f"{value:g} is outside {oracle.low:g} to {oracle.high:g}"
    return value, ""
