"""The molecules of a step: a sampled batch, or what screening chose among many candidates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from rdkit.Chem import Mol

from chemmara.decoration.drawn import joined
from chemmara.decoration.sampler import PatternSampler
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.sampling import Rollout, sample
from chemmara.molecules.chem import canonical_molecule, parse
from chemmara.rl.genetic import Breeding
from chemmara.rl.niches import Niches
from chemmara.scoring.objective import canonical_texts
from chemmara.screening.screening import POLICY, Choice, Screening

_MOST_BATCHES = 4  # that the policy samples in a step, where it repeats itself
_REPEATS = 0.25  # most repeats that are learned from, as a share of the batch


@dataclass(frozen=True)
class Candidates:
    """What is scored in a step."""

    rollout: Rollout  # sequences of the policy to score and to learn from
    others: list[str]  # molecules of other sources, canonical
    choice: Choice | None  # None without screening

    @property
    def smiles(self) -> list[str]:
        """What is scored, in order: the sequences as they were written, then the other molecules."""
        return self.rollout.smiles + self.others

    @cached_property
    def molecules(self) -> list[str]:
        """The canonical SMILES of what is valid."""
        return [text for text in canonical_texts(self.smiles) if text]


@dataclass(frozen=True)
class _Written:
    """Sequences of the policy, and what they say."""

    rollout: Rollout
    smiles: list[str]  # the canonical SMILES of each, "" where it has none
    molecules: dict[str, Mol]  # by canonical SMILES

    @classmethod
    def of(cls, rollout: Rollout) -> "_Written":
        found = [canonical_molecule(text) for text in rollout.smiles]
        read = {text: molecule for text, molecule in found if molecule is not None}
        return cls(rollout, [text for text, _ in found], read)

    def joined(self, others: "_Written") -> "_Written":
        return _Written(
            self.rollout.joined(others.rollout), self.smiles + others.smiles, self.molecules | others.molecules
        )


@dataclass
class Proposals:
    """Where the molecules of a step come from."""

    prior: Prior
    policy: LanguageModel
    batch_size: int
    generator: torch.Generator  # draws from the library, and in acquisition
    sampling: torch.Generator  # draws sequences, on the policy's device
    breeding: Breeding | None
    screening: Screening | None
    parts: PatternSampler | None  # what every molecule is to hold
    niches: Niches | None

    def candidates(self, under_way: Iterable[Candidates] = ()) -> Candidates:
        """The policy's samples; with screening, those of many candidates that are worth a call.

        The molecules of batches under way, whose answers have not come, are chosen no more, and nor are their like.
        """
        screening, count = self.screening, self.batch_size
        if screening is None:
            return Candidates(self._sampled(count), [], None)
        if screening.active or not screening.config.candidates:
            count = screening.config.candidates
        written = self._enough(count, screening) if screening.active else self._written(count)
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=self.generator)))
        sources = {POLICY: written.smiles}
        if screening.active and screening.config.children and self.breeding:
            sources["children"] = self.kept(self.breeding.generation())
        if screening.library:
            sources["library"] = self.kept(screening.library.draw(screening.config.drawn, rng))
        taken = [molecule for batch in under_way for molecule in batch.molecules]
        share = self.niches.share if self.niches else None
        choice = screening.choose(sources, self.batch_size, rng, taken, written.molecules, share)
        return chosen(written.rollout, written.smiles, choice, self.batch_size)

    def kept(self, smiles: list[str]) -> list[str]:
        """Those of other molecules, given as valid SMILES, that hold the given parts; all where none are given."""
        return [text for text in smiles if self.keeps(text)]

    def keeps(self, smiles: str) -> bool:
        """Whether a molecule, given as a valid SMILES, holds what every molecule is to hold."""
        molecule = parse(smiles) if self.parts else None
        return self.parts is None or (molecule is not None and self.parts.keeps(molecule))

    def _written(self, count: int) -> _Written:
        return _Written.of(self._sampled(count))

    def _enough(self, count: int, screening: Screening) -> _Written:
        """`count` sequences; where the policy repeats itself, as many again until half of `count` are new molecules.

        Four times as many while the first hundred hits, or those of a niche, are looked for: there a hit is worth more
        than the time.
        """
        written = self._written(count)
        sought = self.niches.sought and screening.config.choose == "hit" if self.niches else screening.sought
        for _ in range(_MOST_BATCHES - 1):
            new = sum(text not in screening.memory.values for text in written.molecules)
            if 2 * new >= count and not sought:
                break
            written = written.joined(self._written(count))
        return written

    def _sampled(self, count: int) -> Rollout:
        """Sequences of the policy; where parts are given, of molecules that hold them (fewer if they hardly come)."""
        length = self.prior.config.max_length
        if self.parts is None:
            return sample(self.policy, self.prior.tokenizer, count, generator=self.sampling, max_length=length)
        self.policy.eval()
        batches = list(self.parts.draws(self.policy, count, self.sampling)) if count else []
        if batches:
            return joined(batches).rollout
        return sample(self.policy, self.prior.tokenizer, 0, generator=self.sampling, max_length=length)


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
