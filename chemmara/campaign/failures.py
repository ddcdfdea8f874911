"""When an oracle that fails again and again stops a campaign, before it has spent the budget on nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Call

_MOST_IN_A_ROW: Final = 50
FEWEST: Final = 8
"""Molecules without a score that are no chance."""


class Failures:
    """Counts, for each component, the molecules in a row on which it failed since the campaign was begun or resumed.

    Args:
        folder: of the run, for the message.
        components: their names.
        recorded: calls in the ledger before; a resumed run meets some of them again, without asking the oracles.
        keep_going: never stop.
    """

    def __init__(self, folder: Path, components: Sequence[str], *, recorded: int, keep_going: bool) -> None:
        self._folder = folder
        self._in_a_row = dict.fromkeys(components, 0)
        self._recorded = recorded
        self._unscored = 0  # calls before the first score
        self._scored = False
        self._lost = 0  # molecules in a row without a score, whichever component was at fault
        self._keep_going = keep_going

    def check(self, calls: Sequence[Call]) -> None:
        """Take in the calls of a batch, which are in the ledger already.

        A component failed on a molecule whose call names it in its error. A molecule that another component had ruled
        out, and that it was not asked about, does not count.

        Raises:
            ChemmaraError: none of the first molecules (at least 8) has a score, or a component failed on 50 in a row,
                or 50 in a row have no score, as where each runs into the time-out.
        """
        calls = [call for call in calls if call.call > self._recorded]
        for call in calls:
            self._count(call)
        if self._keep_going or not calls:
            return
        self._unscored += len(calls)
        if not self._scored and self._unscored >= FEWEST:
            reason, number = Counter(call.error for call in calls).most_common(1)[0]
            often = f"; {number} of the last {len(calls)}" if number < len(calls) else ""
            which = (
                f"{self._unscored} molecules since the run went on"
                if self._recorded
                else f"first {self._unscored} molecules"
            )
            self._stop(f"none of the {which} has a score ({reason}{often})")
        for name, number in self._in_a_row.items():
            if number >= _MOST_IN_A_ROW:
                last = next(call.error for call in reversed(calls) if _names(name, call))
                self._stop(f"{name} failed on {number} molecules in a row ({last})")
        if self._lost >= _MOST_IN_A_ROW:
            last = next(call.error for call in reversed(calls) if np.isnan(call.score))
            self._stop(f"{self._lost} molecules in a row have no score ({last})")

    def _count(self, call: Call) -> None:
        self._scored |= not np.isnan(call.score)
        if np.isnan(call.score):
            self._lost += 1
        elif call.score > 0 or not np.isnan(list(call.components.values())).any():
            self._lost = 0
        for name in self._in_a_row:
            failed = _names(name, call)
            if failed or not np.isnan(call.components[name]):
                self._in_a_row[name] = self._in_a_row[name] + 1 if failed else 0

    def _stop(self, reason: str) -> None:
        anew = (
            "" if self._scored or self._recorded else f"begin anew (chemmara run ... --out {self._folder} --force), or "
        )
        raise ChemmaraError(
            f"{reason}; every call is in the ledger. Mend the oracle, then {anew}chemmara resume {self._folder} --retry"
            " measures again what has no score, and goes on with the settings that the run began with (--keep-going:"
            " whatever fails)"
        )


@contextmanager
def saving_before_failing(save: Callable[[], None]) -> Iterator[None]:
    """Save where a failing oracle is about to stop the run, so that only its last batch is met again."""
    try:
        yield
    except ChemmaraError:
        save()
        raise


def _names(component: str, call: Call) -> bool:
    """Whether a call's error says that this component failed; the name of another one may end in its name."""
    return f"; {component}: " in f"; {call.error}"
