"""Known compounds, and how new molecules are beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical, parse, scaffold
from chemmara.molecules.fingerprint_blocks import nearest, packed_fingerprints
from chemmara.molecules.standardise import open_molecules
from chemmara.molecules.writers import name_column

NEAREST = ("nearest_known", "nearest_name", "nearest_similarity")
NOVELTY = ("known", "known_scaffold", *NEAREST)


@dataclass(frozen=True)
class Known:
    """A library of known compounds: its valid and different molecules."""

    smiles: list[str]  # canonical
    names: list[str]  # "" where the file has none
    scaffolds: frozenset[str]
    packed: np.ndarray  # (n, 256) uint8
    molecules: frozenset[str]  # `smiles`, to look one up

    @classmethod
    def read(
        cls,
        source: str | Path,
        smiles_column: str | None = None,
        *,
        main_fragments: bool = False,
        scaffolds: bool = True,
        advance: Callable[[int], None] = lambda _: None,
    ) -> "Known":
        """Known compounds from a file, invalid ones left out; ChemmaraError if none is left.

        `main_fragments`: of a salt the drug. `scaffolds`: whether they will be asked for.
        """
        library = open_molecules(source, smiles_column, main_fragments=main_fragments)
        names, own, packed = dict[str, str](), set[str](), list[np.ndarray]()
        for table in library.chunks():
            title = name_column(table)
            title = None if title == library.smiles_column else title
            new = list[Mol]()
            for text, name in zip(table[library.smiles_column], table[title or library.smiles_column], strict=True):
                molecule = parse(text)
                if molecule is not None and (smiles := canonical(molecule)) not in names:
                    names[smiles] = "" if title is None else name
                    new.append(molecule)
            own.update(map(scaffold, new) if scaffolds else ())
            packed.append(packed_fingerprints(new))
            advance(len(table))
        if not names:
            raise ChemmaraError(f"{source}: holds no valid molecule to compare with")
        return cls(list(names), list(names.values()), frozenset(own), np.concatenate(packed), frozenset(names))

    def nearest_to(self, molecules: Sequence[Mol]) -> pd.DataFrame:
        """The nearest known compound of each molecule: its SMILES, its name, and the Tanimoto similarity (0 to 1).

        Morgan fingerprints, radius 2, 2,048 bits; the earliest of equally near ones.
        """
        numbers, similarities = nearest(packed_fingerprints(molecules), self.packed)
        smiles, names = [self.smiles[n] for n in numbers], [self.names[n] for n in numbers]
        return pd.DataFrame(dict(zip(NEAREST, (smiles, names, similarities.round(3)), strict=True)))

    def novelty(self, smiles: Sequence[str]) -> pd.DataFrame:
        """Columns `NOVELTY` for SMILES, row by row: "yes" or "no", and the nearest known compound; "" if invalid.

        `known`: the same molecule, by its canonical SMILES with stereo. `known_scaffold`: a known compound has its
        Bemis-Murcko scaffold.
        """
        molecules = [parse(text) for text in smiles]
        rows = [row for row, molecule in enumerate(molecules) if molecule is not None]
        valid = [molecule for molecule in molecules if molecule is not None]
        found = self.nearest_to(valid)
        found.insert(0, "known", ["yes" if canonical(m) in self.molecules else "no" for m in valid])
        found.insert(1, "known_scaffold", ["yes" if scaffold(m) in self.scaffolds else "no" for m in valid])
        whole = found.set_axis(rows).reindex(range(len(smiles)))
        words = [column for column in NOVELTY if column != "nearest_similarity"]
        return whole.assign(**{column: whole[column].astype(object).fillna("") for column in words})
