"""The molecules of a step: a sampled batch, or what screening chose among many candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

from chemmara.language_model.sampling import Rollout
from chemmara.screening.screening import POLICY, Choice

_REPEATS = 0.25  # most repeats that are learned from, as a share of the batch


@dataclass(frozen=True)
class Candidates:
    """What is scored in a step."""

    rollout: Rollout  # sequences of the policy to score and to learn from
    others: list[str]  # molecules of other sources, canonical
    choice: Choice | None  # None without screening


def chosen(rollout: Rollout, smiles: Sequence[str], choice: Choice, batch_size: int) -> Candidates:
    """The chosen candidates: of the rollout, whose canonical SMILES are `smiles`, and of other sources.

    What could not be chosen stays in the batch in the proportion in which the policy wrote it, so that it learns what
    is invalid and what is known: invalid SMILES (at most one for each molecule of the batch) and repeats of molecules
    measured before or now (at most a quarter).
    """
    first: dict[str, int] = {}
    for row, text in enumerate(smiles):
        if text:
            first.setdefault(text, row)
    own = [text for text, source in zip(choice.smiles, choice.sources, strict=True) if source == POLICY]
    others = [text for text, source in zip(choice.smiles, choice.sources, strict=True) if source != POLICY]
    if not choice.active:
        return Candidates(rollout, others, choice)
    rows = [first[text] for text in own]
    unknown = set(choice.candidates)
    invalid = [row for row, text in enumerate(smiles) if not text]
    known = [
        row for row, text in enumerate(smiles) if text and (text not in unknown or (text in own and row != first[text]))
    ]
    share = len(own) / choice.from_policy if choice.from_policy else 1.0
    rows += invalid[: min(round(share * len(invalid)), batch_size)]
    rows += known[: min(round(share * len(known)), round(_REPEATS * batch_size))]
    return Candidates(rollout.chosen(rows), others, choice)
