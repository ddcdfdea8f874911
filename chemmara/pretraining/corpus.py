"""Training corpora: raw molecule files made into train, valid and test sets, with an account of what was dropped."""

import multiprocessing
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import NonNegativeInt
from rdkit import __version__ as rdkit_version

from chemmara.config import Fraction, Strict
from chemmara.errors import ChemmaraError
from chemmara.files import new_folder, write_text
from chemmara.molecules.chem import parse, scaffold
from chemmara.molecules.library import open_library
from chemmara.molecules.standardise import StandardiseConfig, standardise

SPLITS = ("train", "valid", "test")
_CHUNK = 2000


class CorpusConfig(Strict):
    """How a corpus is made."""

    standardise: StandardiseConfig = StandardiseConfig()
    """What becomes of each molecule."""
    split: Literal["random", "scaffold"] = "random"
    """Held-out molecules at random, or whole Bemis-Murcko scaffolds that training never sees."""
    valid: Fraction = 0.02
    """Share held out to steer training by."""
    test: Fraction = 0.02
    """Share held out to judge the prior by."""
    seed: NonNegativeInt = 0
    """Fixes the split and the order."""


class CorpusReport(Strict):
    """corpus.json: where a corpus came from and what became of every molecule."""

    sources: dict[str, str]
    """File names and their sha256."""
    config: CorpusConfig
    """Settings."""
    read: int
    """Molecules in the sources."""
    dropped: dict[str, int]
    """Reason to number of molecules left out."""
    kept: dict[str, int]
    """Molecules of each split."""
    versions: dict[str, str]
    """Of chemmara and RDKit, on which canonical SMILES depend."""


def prepare(
    sources: Sequence[Path],
    out: Path,
    config: CorpusConfig,
    *,
    workers: int = 1,
    tell: Callable[[int], None] = lambda _: None,
) -> CorpusReport:
    """Write train.smi, valid.smi, test.smi and corpus.json to `out`: canonical SMILES, unique, shuffled by seed.

    The result does not depend on `workers` nor on the order of the molecules in the sources. `tell` hears how many
    molecules have been gone through since it was last called.
    """
    checksums = {source.name: _checksum(source) for source in sources}
    dropped: Counter[str] = Counter()
    unique: set[str] = set()
    read = 0
    for batch in _standardised(_smiles(sources), config.standardise, workers):
        for text, reason in batch:
            if text in unique or reason:
                dropped[reason or "duplicate"] += 1
            else:
                unique.add(text)
        read += len(batch)
        tell(len(batch))
    if not unique:
        raise ChemmaraError(f"{', '.join(map(str, sources))}: not one molecule is left ({dict(dropped)})")
    new_folder(out)
    splits = _split(sorted(unique), config)
    for name, smiles in splits.items():
        write_text(out / f"{name}.smi", "".join(f"{one}\n" for one in smiles))
    report = CorpusReport(
        sources=checksums,
        config=config,
        read=read,
        dropped=dict(dropped.most_common()),
        kept={name: len(smiles) for name, smiles in splits.items()},
        versions={"chemmara": version("chemmara"), "rdkit": rdkit_version},
    )
    write_text(out / "corpus.json", report.model_dump_json(indent=2) + "\n")
    return report


def read_split(folder: Path, split: str) -> list[str]:
    """The SMILES of one split of a prepared corpus; ChemmaraError if it is not one."""
    path = folder / f"{split}.smi"
    if not path.is_file():
        raise ChemmaraError(f"{folder}: not a prepared corpus ({path.name} is missing); see `chemmara corpus prepare`")
    return path.read_text(encoding="utf-8").split()


def _smiles(sources: Iterable[Path]) -> Iterator[str]:
    for source in sources:
        yield from open_library(source).smiles()


def _standardised(smiles: Iterator[str], config: StandardiseConfig, workers: int) -> Iterator[list[tuple[str, str]]]:
    """Chunks of standardised molecules, in order; several in flight where there are several workers."""
    work = partial(_standardise_all, config=config)
    chunks = iter(lambda: list(islice(smiles, _CHUNK)), [])
    if workers == 1:
        yield from map(work, chunks)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        while ahead := list(islice(chunks, 4 * workers)):
            yield from pool.map(work, ahead)


def _standardise_all(smiles: list[str], config: StandardiseConfig) -> list[tuple[str, str]]:
    return [standardise(one, config) for one in smiles]


def _split(smiles: list[str], config: CorpusConfig) -> dict[str, list[str]]:
    """Shuffle, then deal out: valid, test, and the rest to train."""
    order = np.random.default_rng(config.seed).permutation(len(smiles))
    shuffled = [smiles[i] for i in order]
    if config.split == "scaffold":
        return _split_by_scaffold(shuffled, config)
    valid = round(config.valid * len(smiles))
    test = valid + round(config.test * len(smiles))
    return {"train": shuffled[test:], "valid": shuffled[:valid], "test": shuffled[valid:test]}


def _split_by_scaffold(smiles: list[str], config: CorpusConfig) -> dict[str, list[str]]:
    """Each scaffold's side is drawn from its own text and the seed, so that a larger corpus splits alike."""
    splits: dict[str, list[str]] = {name: [] for name in SPLITS}
    for one in smiles:
        molecule = parse(one)
        core = "" if molecule is None else scaffold(molecule)
        place = zlib.crc32(f"{config.seed} {core}".encode()) / 2**32
        name = "valid" if place < config.valid else "test" if place < config.valid + config.test else "train"
        splits[name].append(one)
    return splits


def _checksum(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise ChemmaraError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ChemmaraError(f"{path}: is a folder; a file of molecules is needed") from None
