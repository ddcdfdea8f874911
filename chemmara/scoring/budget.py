"""A hard budget of oracle calls: every unique molecule costs one, repeats are free, and not one more is spent."""

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, Sequence

from chemmara.scoring.measurement import Measure, Measured, Request
from chemmara.scoring.objective import Objective, canonical_texts
from chemmara.scoring.scores import Scores


class Budgeted:
    """An objective that knows its earlier values, and spends no more than its limit.

    Args:
        objective: what a score is.
        measure: how raw values come: the objective itself, or workers around it.
        limit: unique valid molecules that may be measured, those before among them.
        known: canonical SMILES with their values of calls `before` + 1, `before` + 2, ...: they are repeats now.
        recorded: molecules measured before but to be met again, by a run that goes through its last steps once more:
            each costs a call when it first comes up, as it did then, but the oracles are not used.
        seeds: canonical SMILES of molecules that were known before: they are not measured, and have no score here.
        before: calls that were spent before, on another objective.
        earlier: raw values that those calls have left, by canonical SMILES, one for each component of this objective
            (NaN for the others): such a molecule costs a call here, too, but only what is missing is measured.
    """

    def __init__(
        self,
        objective: Objective,
        measure: Measure,
        limit: int,
        *,
        known: Iterable[tuple[str, Measured]] = (),
        recorded: Mapping[str, Measured] | None = None,
        seeds: Collection[str] = (),
        before: int = 0,
        earlier: Mapping[str, tuple[float, ...]] | None = None,
    ) -> None:
        self.limit = limit
        self._objective = objective
        self._measure = measure
        self._measured = dict(known)
        self._calls = {smiles: call for call, smiles in enumerate(self._measured, start=before + 1)}
        self._before = before
        self._earlier = dict(earlier or {})
        self._recorded = dict(recorded or {})
        self._seeds = dict.fromkeys(seeds, objective.nothing("a seed"))

    @property
    def used(self) -> int:
        """Calls spent, those before among them."""
        return self._before + len(self._calls)

    @property
    def left(self) -> int:
        """Calls still to spend."""
        return self.limit - self.used

    def __call__(self, smiles: Sequence[str]) -> Scores:
        """Scores of the SMILES; new molecules beyond the limit, in row order, have none ("budget spent")."""
        texts = canonical_texts(smiles)
        different = (text for text in dict.fromkeys(texts) if text and text not in self._seeds)
        new = [text for text in different if text not in self._calls][: max(0, self.left)]
        unmeasured = [text for text in new if text not in self._recorded]
        requests = [Request(text, self._earlier.get(text, ())) for text in unmeasured]
        measured = dict(zip(unmeasured, self._measure(requests), strict=True)) if requests else {}
        for text in new:
            self._calls[text] = self.used + 1
            self._measured[text] = measured[text] if text in measured else self._recorded[text]
        return self._objective.assemble(smiles, texts, ChainMap(self._measured, self._seeds), self._calls)
