"""A hard budget of oracle calls: every unique molecule costs one, repeats are free, and not one more is spent."""

from collections import ChainMap, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chemmara.scoring.measurement import HandOver, Measured, Request, UnderWay
from chemmara.scoring.objective import Objective, canonical_texts
from chemmara.scoring.scores import Scores


@dataclass(frozen=True)
class _Batch:
    """A batch that was begun and is not finished."""

    smiles: list[str]  # as they were given
    texts: list[str]  # canonical; "" for an invalid SMILES
    new: list[str]  # molecules that each cost a call
    recorded: dict[str, Measured]  # those of them that were measured before
    under_way: UnderWay  # the others

    def ready(self, seconds: float) -> bool:
        """Whether all values have come, after a wait of at most so many seconds."""
        return self.under_way.ready(seconds)

    def answers(self) -> dict[str, Measured]:
        """The values of new molecules that have come by now."""
        return self.recorded | self.under_way.answers()

    def result(self) -> dict[str, Measured]:
        """The values of all new molecules, in the order of their calls; waits for them."""
        came = self.under_way.result()
        fresh = zip((text for text in self.new if text not in self.recorded), came, strict=True)
        measured = self.recorded | dict(fresh)
        return {text: measured[text] for text in self.new}


class Budgeted:
    """An objective that knows its earlier values, and spends no more than its limit.

    Batches may be begun before earlier ones are finished: a molecule under way counts as spent, and is not measured
    again, and every batch has the scores and calls that it would have if none had been begun before its time.

    Args:
        objective: what a score is.
        hand_over: how raw values come: workers, or the objective itself by `at_once`.
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
        hand_over: HandOver,
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
        self._hand_over = hand_over
        self._measured = dict(known)
        self._calls = {smiles: call for call, smiles in enumerate(self._measured, start=before + 1)}
        self._before = before
        self._earlier = dict(earlier or {})
        self._recorded = dict(recorded or {})
        self._seeds = dict.fromkeys(seeds, objective.nothing("a seed"))
        self._batches = deque[_Batch]()
        self._under_way = set[str]()  # new molecules of batches that are not finished

    @property
    def used(self) -> int:
        """Calls of finished batches, those before among them."""
        return self._before + len(self._calls)

    @property
    def under_way(self) -> int:
        """Calls of batches that were begun and are not finished."""
        return len(self._under_way)

    @property
    def left(self) -> int:
        """Calls still to spend: those under way are spent."""
        return self.limit - self.used - self.under_way

    def __call__(self, smiles: Sequence[str]) -> Scores:
        """Scores of the SMILES; new molecules beyond the limit, in row order, have none ("budget spent").

        Raises:
            ValueError: batches are under way, whose calls come first.
        """
        if self._batches:
            raise ValueError(f"{len(self._batches)} batches are under way; finish them first")
        self.begin(smiles)
        return self.finish()

    def begin(self, smiles: Sequence[str]) -> None:
        """Hand over what is new in a batch, as far as the limit allows."""
        texts = canonical_texts(smiles)
        different = (text for text in dict.fromkeys(texts) if text and text not in self._seeds)
        fresh = [text for text in different if text not in self._calls and text not in self._under_way]
        new = fresh[: max(0, self.left)]
        recorded = {text: self._recorded[text] for text in new if text in self._recorded}
        requests = [Request(text, self._earlier.get(text, ())) for text in new if text not in recorded]
        self._batches.append(_Batch(list(smiles), texts, new, recorded, self._hand_over(requests)))
        self._under_way.update(new)

    def ready(self, seconds: float) -> bool:
        """Whether all values of the oldest batch under way have come, after a wait of at most so many seconds."""
        return self._batches[0].ready(seconds)

    def answers(self) -> dict[str, Measured]:
        """Values of molecules under way that have come by now, without those of failures."""
        came = [item for batch in self._batches for item in batch.answers().items()]
        return {smiles: measured for smiles, measured in came if not measured.error}

    def finish(self) -> Scores:
        """Scores of the oldest batch under way, whose calls are the next; waits for its values."""
        batch = self._batches[0]
        measured = batch.result()
        self._batches.popleft()
        self._under_way.difference_update(batch.new)
        for text, values in measured.items():
            self._calls[text] = self.used + 1
            self._measured[text] = values
        return self._objective.assemble(batch.smiles, batch.texts, ChainMap(self._measured, self._seeds), self._calls)
