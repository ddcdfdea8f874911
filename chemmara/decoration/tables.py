"""Drawn molecules as tables: what is kept and what was written, each in its column."""

from collections.abc import Iterator, Sequence

import pandas as pd
import torch

from chemmara.decoration.drawn import Drawn, groups
from chemmara.decoration.read_linkers import linkers
from chemmara.decoration.sampler import PatternSampler
from chemmara.language_model.device import device_of, to_numpy
from chemmara.language_model.interface import LanguageModel
from chemmara.molecules.chem import canonical_smiles, parse
from chemmara.oracles.similarity import Similarity


def drawn_tables(
    sampler: PatternSampler,
    model: LanguageModel,
    n: int,
    *,
    seed: int,
    unique: bool = False,
    like: str | None = None,
    temperature: float = 1.0,
    side_by_side: int = 1024,
) -> Iterator[pd.DataFrame]:
    """Tables that hold n molecules together; fewer where a thousand tries in a row bring none.

    Columns: `smiles` as written; `core` and R1, R2, ... ("" where a core has fewer places) or `linker`, ...; with
    `like`, the molecule of which they are analogues, `similarity`, `kept` and `new`; and `nll`, the negative
    log-likelihood of the SMILES as written, in nats. With `unique` each molecule comes once, and never `like` itself.
    """
    generator = torch.Generator(device_of(model)).manual_seed(seed)
    taken = {canonical_smiles(like) or like} if like is not None else set[str]()
    batches = sampler.draws(
        model, n, generator, temperature=temperature, seen=taken if unique else None, side_by_side=side_by_side
    )
    for batch in batches:
        shown = _analogues(sampler, batch, like) if like is not None else _groups(sampler, batch)
        nll = pd.Series(-to_numpy(batch.logp).astype(float)).round(4)
        yield pd.DataFrame({"smiles": batch.smiles, **shown, "nll": nll})


def _groups(sampler: PatternSampler, batch: Drawn) -> dict[str, Sequence[str]]:
    """The core, where there are cores, and a column for each group."""
    names = max((family.columns for family in sampler.families), key=len)
    rows = groups(batch, sampler.patterns, len(names), sampler.tokenizer)
    for row, number, molecule in zip(rows, batch.family, batch.molecules, strict=True):
        family = sampler.families[number]
        there = len(family.columns)
        row[there:] = [""] * (len(names) - there)
        if names == ("linker",) and parse(row[0]) is None:  # as a ring its aromatic atoms are none
            row[0] = linkers(family.kept.split("."), [molecule])[0]
    cores = {"core": [sampler.families[family].kept for family in batch.family]} if names[0] == "R1" else {}
    return {**cores, **{name: [row[i] for row in rows] for i, name in enumerate(names)}}


def _analogues(sampler: PatternSampler, batch: Drawn, like: str) -> dict[str, Sequence[object]]:
    """The similarity to the molecule, what is kept of it, and what was written in place of the rest."""
    most = max(len(family.columns) for family in sampler.families)
    rows = groups(batch, sampler.patterns, most, sampler.tokenizer)
    families = [sampler.families[family] for family in batch.family]
    return {
        "similarity": Similarity((like,))(batch.molecules).round(4).tolist(),
        "kept": [family.kept for family in families],
        "new": [".".join(row[: len(family.columns)]) for row, family in zip(rows, families, strict=True)],
    }
