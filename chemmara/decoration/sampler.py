"""Molecules that keep given parts: a prior's rows along patterns, and the one of several that it likes best.

For every molecule eight rows (particles) are written along one pattern. Of those that are valid, keep what is to be
kept and pass the check, one is drawn with probability proportional to its weight p(y) / q(y): self-normalised
importance sampling of the prior given the pattern. The pattern itself is drawn evenly, so that no SMILES of a core
crowds out the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from rdkit.Chem import Mol
from torch import Tensor

from chemmara.decoration.drawn import Drawn, joined, picked
from chemmara.decoration.family import Family
from chemmara.decoration.filling import Filled, fill
from chemmara.decoration.grammar import Grammar
from chemmara.decoration.pattern import Ends, Pattern
from chemmara.decoration.search import PATIENCE, Search, uniform
from chemmara.decoration.table import Table
from chemmara.errors import ChemmaraError
from chemmara.language_model.device import device_of, to_numpy
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical, parse

PARTICLES: Final = 8
"""Rows that are written for a molecule."""
_FEWEST_TRIES: Final = 8  # of the second round; doubled in each, so that the last molecules do not come one by one


@dataclass(frozen=True)
class PatternSampler:
    """Draws molecules along the patterns of families; made once, for any model with this vocabulary."""

    tokenizer: Tokenizer
    families: tuple[Family, ...]
    max_length: int  # tokens, end included, after which a row is cut
    passes: Callable[[Mol], bool] | None = None  # what a molecule must meet besides keeping its family's parts
    even: bool = True  # each family has its share of the molecules; False: each try is of any family

    def sample(
        self,
        model: LanguageModel,
        n: int,
        generator: torch.Generator,
        *,
        temperature: float = 1.0,
        seen: set[str] | None = None,
    ) -> Drawn:
        """Draw n molecules, at least one, as `draws` does.

        Raises:
            ChemmaraError: a thousand tries in a row brought nothing.
        """
        batches = list(self.draws(model, n, generator, temperature=temperature, seen=seen))
        if (found := sum(len(batch.smiles) for batch in batches)) < n:
            raise ChemmaraError(f"{found} of {n} molecules found, and none in the last {PATIENCE} tries")
        return joined(batches)

    def draws(
        self,
        model: LanguageModel,
        n: int,
        generator: torch.Generator,
        *,
        temperature: float = 1.0,
        seen: set[str] | None = None,
        side_by_side: int = 1024,
    ) -> Iterator[Drawn]:
        """Batches that hold n molecules together; fewer where a thousand tries in a row bring nothing.

        Args:
            model: a network with the tokenizer's vocabulary.
            n: molecules; where `even`, each family has its share of them.
            generator: of the model's device; it fixes the draw, with n and `side_by_side`.
            temperature: divides the logits; weights are those of the prior at this temperature.
            seen: canonical SMILES of molecules that are not drawn again; those that are drawn are added.
            side_by_side: rows that go through the network together.
        """
        device = device_of(model)
        grammar, table = Grammar.of(self.tokenizer, device), self._table.to(device)
        search, least = Search.of(n, len(self.families), even=self.even), 0
        while search.missing.any():
            families = search.tries(least, max(1, side_by_side // PARTICLES), generator)
            pattern = self._patterns_of(families, generator)
            number = _drawn_numbers(table, pattern.to(device), generator).repeat_interleave(PARTICLES, dim=0)
            filled = fill(
                model, grammar, table, pattern.repeat_interleave(PARTICLES).to(device), number=number,
                generator=generator, max_length=self.max_length, temperature=temperature,
            )  # fmt: skip
            found, tokens = {}, to_numpy(filled.tokens)
            for at, order in enumerate(_orders(filled, generator)):
                if search.wants(families[at]):
                    row = self._first_acceptable(tokens, order, self.families[families[at]], seen)
                    search.note(families[at], found=row is not None)
                    found |= {at: row} if row is not None else {}
            if found:
                yield picked(
                    filled,
                    [row for row, _, _ in found.values()],
                    family=[int(families[at]) for at in found],
                    pattern=[int(pattern[at]) for at in found],
                    smiles=[smiles for _, smiles, _ in found.values()],
                    molecules=[molecule for _, _, molecule in found.values()],
                )
            least = max(_FEWEST_TRIES, 2 * least)

    def keeps(self, molecule: Mol) -> bool:
        """Whether a molecule, wherever it comes from, meets all that is asked of the sampler's own molecules."""
        return any(family.keeps(molecule) for family in self.families) and (not self.passes or self.passes(molecule))

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns of all families in order."""
        return tuple(pattern for family in self.families for pattern in family.patterns)

    @cached_property
    def _table(self) -> Table:
        return Table.of(self.patterns, self.tokenizer)

    @cached_property
    def _shares(self) -> list[tuple[int, np.ndarray]]:
        """For each family the number of its first pattern, and the probability of those up to each of its own."""
        firsts = np.cumsum([0, *(len(family.patterns) for family in self.families)])
        return [(int(first), np.cumsum(family.shares)) for first, family in zip(firsts, self.families, strict=False)]

    def _patterns_of(self, families: np.ndarray, generator: torch.Generator) -> Tensor:
        """A pattern (tries,) of each family, drawn by its share."""
        numbers = uniform(len(families), generator)
        pairs = ((*self._shares[family], at) for family, at in zip(families, numbers, strict=True))
        return torch.tensor([first + int((up_to[:-1] <= at).sum()) for first, up_to, at in pairs])

    def _first_acceptable(
        self, tokens: np.ndarray, order: np.ndarray, family: Family, seen: set[str] | None
    ) -> tuple[int, str, Mol] | None:
        """The first row of an order that is a molecule, keeps the family's parts, passes, and is a new one."""
        for row in order:
            smiles = self.tokenizer.decode_smiles(tokens[row].tolist())
            molecule = parse(smiles)
            if molecule is None or not family.keeps(molecule) or (self.passes and not self.passes(molecule)):
                continue
            if seen is not None:
                before = len(seen)
                seen.add(canonical(molecule))
                if len(seen) == before:
                    continue
            return int(row), smiles, molecule
        return None


def _orders(filled: Filled, generator: torch.Generator) -> np.ndarray:
    """Rows (tries, at most 8) of each try in an order drawn by weight; rows without an end token come last.

    Log-weights plus Gumbel noise, sorted: the first acceptable row is then drawn by weight among the acceptable ones.
    """
    gumbel = -np.log(-np.log(uniform(len(filled.log_weight), generator).clip(1e-9, 1 - 1e-7)))
    keys = (to_numpy(filled.log_weight) + gumbel).reshape(-1, PARTICLES)
    order = np.argsort(-keys, axis=1, kind="stable")
    return order + PARTICLES * np.arange(len(order))[:, None]


def _drawn_numbers(table: Table, pattern: Tensor, generator: torch.Generator) -> Tensor:
    """Heavy atoms (tries, steps) for the holes that end by their number, drawn evenly between their bounds.

    Those of a linker with a fork are shared evenly among its beginning, its arm and its rest.
    """
    least, most = table.least[pattern], table.most[pattern]
    drawn = torch.rand(least.shape, generator=generator, device=generator.device)
    number = torch.minimum(least + (drawn * (most - least + 1)).long(), most)
    rows, steps = (table.ends[pattern] == Ends.FORK).nonzero(as_tuple=True)
    if not len(rows):
        return number
    total = number[rows, steps]
    begun, arm = _shares(total, torch.rand((len(rows), 2), generator=generator, device=generator.device))
    number[rows, steps], number[rows, steps + 1] = begun, arm
    number[rows, table.rest[pattern[rows], steps]] = total - arm  # the rest's number counts what was begun, too
    return number


def _shares(total: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
    """Atoms (n,) of the beginning, at least one, and of the arm; each way to share `total` atoms in three is as likely.

    Two different ones of total + 1 bars are drawn: what is before the first, between them, and behind the second.
    """
    first = (drawn[:, 0] * (total + 1)).long().clamp(max=total)
    second = (drawn[:, 1] * total).long().clamp(max=total - 1)
    second = second + (second >= first).long()
    before, behind = torch.minimum(first, second), torch.maximum(first, second)
    return before + 1, behind - before - 1
