"""What a campaign starts from besides its prior: known molecules, as seeds, and parts that every molecule holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
from pydantic import BeforeValidator, ValidationInfo, model_validator

from chemmara.config import Strict, UserPath
from chemmara.decoration.sampler import PatternSampler
from chemmara.decoration.start import from_cores, from_fragments, from_molecule
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import device_of
from chemmara.language_model.sampling import Rollout, sample_batches
from chemmara.molecules.chem import canonical_smiles
from chemmara.molecules.library import open_library
from chemmara.scoring.scores import Scores
from chemmara.selection.cells import number

_SHOWN = 3  # molecules that a message names


def _one_or_several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _cores(value: Any, info: ValidationInfo) -> Any:
    """Cores as they are written, or those of a file, whose path starts at the folder of the settings file."""
    if not isinstance(value, str) or "*" in value:
        return _one_or_several(value)
    path = Path((info.context or {}).get("folder") or ".") / value
    if not path.is_file() and not path.suffix:
        raise ValueError(f"core {value!r} has no place; mark with * where something is to be attached")
    try:
        return [text for text in open_library(path).smiles() if text]
    except ChemmaraError as error:
        raise ValueError(str(error)) from None


_Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_several)]


class StartConfig(Strict):
    """What the campaign starts from, besides its prior."""

    core: Annotated[tuple[str, ...], BeforeValidator(_cores, json_schema_input_type=str | list[str])] = ()
    """A core that every molecule holds, as a SMILES with * at the places that get a group; or several, or a file."""
    atoms: _Texts = ()
    """MIN..MAX heavy atoms of a group: once for all places of a core, or once for each in order. Left out: 1..30."""
    allow_h: bool = False
    """Whether a place may stay hydrogen (not all of them)."""
    link: tuple[str, ...] = ()
    """Two or three fragments that every molecule holds, with * where the linkers between them begin; or one with two
    places, which a linker joins into a ring."""
    linker_atoms: str = "2..8"
    """MIN..MAX heavy atoms of a linker."""
    like: str | None = None
    """A molecule whose analogues are wanted."""
    similarity: str = "0.4..0.8"
    """MIN..MAX Tanimoto similarity (ECFP4) of an analogue to it."""
    seeds: UserPath | None = None
    """File of known molecules (actives), which the campaign knows from the beginning as if it had found them."""
    seed_scores: str | None = None
    """Column of that file with their scores, 0 to 1: they cost no call, and no call is spent on them later. Left out:
    they are measured first, out of the budget."""

    @model_validator(mode="after")
    def _one_kind_of_parts(self) -> "StartConfig":
        given = [name for name in ("core", "link", "like") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"start has {' and '.join(given)}; choose one of them")
        for name, owner in (("atoms", "core"), ("allow_h", "core"), ("linker_atoms", "link"), ("similarity", "like")):
            if owner not in given and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} belongs to {owner}, which is not there")
        if self.seed_scores is not None and self.seeds is None:
            raise ValueError("seed_scores names a column of the file that `seeds` names; give that, too")
        return self

    @property
    def has_parts(self) -> bool:
        """Whether every molecule is to hold something: a core, fragments, or a part of a molecule."""
        return bool(self.core or self.link or self.like)


def given_parts(config: StartConfig, prior: Prior) -> PatternSampler | None:
    """The sampler of molecules that hold what is given; None where nothing is.

    Raises:
        ChemmaraError: the parts cannot be read, do not fit together, or the prior cannot write them.
    """
    if config.core:
        windows = [Window.read(text, "start: atoms") for text in config.atoms]
        return from_cores(prior, config.core, windows, allow_hydrogen=config.allow_h)
    if config.link:
        return from_fragments(prior, config.link, Window.read(config.linker_atoms, "start: linker_atoms"))
    if config.like is not None:
        return from_molecule(prior, config.like, Window.read(config.similarity, "start: similarity"))
    return None


def first_molecules(
    parts: PatternSampler | None, prior: Prior, n: int, *, seed: int, side_by_side: int = 1024
) -> Iterator[Rollout]:
    """Batches of n sequences such as a campaign begins with: of the prior, where parts are given of what holds them.

    The latter are valid, and fewer than n where a thousand tries in a row bring nothing. The seed fixes them.
    """
    if parts is None:
        yield from sample_batches(
            prior.model, prior.tokenizer, n, seed=seed, max_length=prior.config.max_length, batch_size=side_by_side
        )
        return
    generator = torch.Generator(device_of(prior.model)).manual_seed(seed)
    for drawn in parts.draws(prior.model.eval(), n, generator, side_by_side=side_by_side):
        yield drawn.rollout


@dataclass(frozen=True)
class Seeds:
    """The different molecules of a file of seeds."""

    smiles: list[str]  # canonical
    scores: list[float] | None  # where the file has them

    def known(self) -> Scores:
        """Their scores from the file."""
        rows = len(self.smiles)
        total = np.array(self.scores, dtype=float)
        return Scores(self.smiles, total, {}, np.ones(rows, dtype=bool), [""] * rows, np.zeros(rows, dtype=np.int64))


def read_seeds(config: StartConfig) -> Seeds | None:
    """The seeds of a campaign; of a molecule that stands there twice, the first.

    Raises:
        ChemmaraError: the file cannot be read, or has no such column; a molecule is not valid; a score is not a number
            from 0 to 1.
    """
    if config.seeds is None:
        return None
    library, column = open_library(config.seeds), config.seed_scores
    if column is not None and column not in library.columns:
        raise ChemmaraError(f"{config.seeds}: has no column {column!r}; it has {', '.join(library.columns)}")
    table = pd.concat(library.chunks())
    smiles = [canonical_smiles(text) or "" for text in table[library.smiles_column]]
    _refuse(config, [text for text, own in zip(table[library.smiles_column], smiles, strict=True) if not own])
    scores = None if column is None else _scores(config, table[column].tolist())
    first = {own: row for row, own in reversed(list(enumerate(smiles)))}
    rows = sorted(first.values())
    return Seeds([smiles[row] for row in rows], None if scores is None else [scores[row] for row in rows])


def _refuse(config: StartConfig, invalid: Sequence[str]) -> None:
    if invalid:
        shown = ", ".join(repr(text) for text in invalid[:_SHOWN])
        raise ChemmaraError(f"{config.seeds}: {len(invalid)} seeds are no valid SMILES: {shown}; mend or remove them")


def _scores(config: StartConfig, cells: Sequence[str]) -> list[float]:
    wrong = [cell for cell in cells if (value := number(cell)) is None or not 0.0 <= value <= 1.0]
    if wrong:
        shown = ", ".join(repr(cell) for cell in wrong[:_SHOWN])
        raise ChemmaraError(
            f"{config.seeds}: {config.seed_scores}: scores are numbers from 0 to 1, not {shown};"
            " `chemmara score` works them out from an objective"
        )
    return [float(cell) for cell in cells]
