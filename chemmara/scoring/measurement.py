"""One measurement: which molecule, its raw values, and the reason where an oracle fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError, reason_of
from chemmara.oracles.interface import Oracle
from chemmara.oracles.stdout import stdout_to_stderr

_SLACK = 1e-9  # rounding that a value may lie beyond its range


@dataclass(frozen=True)
class Measured:
    """The raw values of a molecule."""

    values: tuple[float, ...]  # raw, one for each component; NaN for no value
    error: str = ""  # why a value is missing


@dataclass(frozen=True)
class Request:
    """One molecule to measure."""

    smiles: str  # canonical
    known: tuple[float, ...] = ()  # raw values known already, one for each component; NaN for the others


Measure = Callable[[list[Request]], list[Measured]]
"""Measures molecules, in order: the objective itself, workers around it, or a memory around them."""


class UnderWay(Protocol):
    """Molecules that were handed over to be measured, and whose values come in time."""

    def ready(self, seconds: float) -> bool:
        """Whether all values have come, after a wait of at most so many seconds."""
        ...

    def answers(self) -> dict[str, Measured]:
        """The values that have come by now, by canonical SMILES, without a wait."""
        ...

    def result(self) -> list[Measured]:
        """All values, in the order of the molecules; waits for them."""
        ...


HandOver = Callable[[list[Request]], UnderWay]
"""Hands molecules over to be measured, and does not wait for them."""


@final
@dataclass(frozen=True)
class Arrived:
    """Molecules whose values are there already."""

    requests: list[Request]
    measured: list[Measured]

    def ready(self, seconds: float) -> bool:
        """Always."""
        del seconds
        return True

    def answers(self) -> dict[str, Measured]:
        """All of them."""
        return {request.smiles: value for request, value in zip(self.requests, self.measured, strict=True)}

    def result(self) -> list[Measured]:
        """All of them, in order."""
        return self.measured


def waiting_for(hand_over: HandOver) -> Measure:
    """A way to measure that hands molecules over and waits for all of them."""
    return lambda requests: hand_over(requests).result()


def at_once(measure: Measure) -> HandOver:
    """A way to hand molecules over that waits for their values all the same; nothing is measured for no molecules."""
    return lambda requests: Arrived(requests, measure(requests) if requests else [])


def measure_with(oracle: Oracle, molecules: list[Mol]) -> list[tuple[float, str]]:
    """Values by an oracle with the reason where one is missing, molecule by molecule; a failure costs one molecule.

    What the oracle prints goes to stderr.
    """
    try:
        with stdout_to_stderr():
            values = np.asarray(oracle(molecules), dtype=float)
        if values.shape != (len(molecules),):
            raise ValueError(f"{values.shape} values for {len(molecules)} molecules")  # noqa: TRY301 - as if it raised
    except ChemmaraError:
        raise  # not the molecule's fault: a server that is gone, a program that is not there
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the one place where an oracle may fail in any way: below
        if len(molecules) == 1:
            return [(np.nan, reason_of(error))]
        return [measure_with(oracle, [molecule])[0] for molecule in molecules]  # so that the failure costs one molecule
    return [_checked(float(value), oracle) for value in values]


def _checked(value: float, oracle: Oracle) -> tuple[float, str]:
    """A value that is a score's raw value, or NaN and the reason; infinite is no value, whatever the oracle's range."""
    if np.isnan(value):
        return np.nan, "no value"
    if np.isinf(value):
        return np.nan, "infinite value"
    if not oracle.low - _SLACK <= value <= oracle.high + _SLACK:
        return np.nan, f"{value:g} is outside {oracle.low:g} to {oracle.high:g}"
    return value, ""
