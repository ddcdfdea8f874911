"""Training corpora: raw molecule files made into train, valid and test sets, with an account of what was dropped."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeInt, ValidationError
from rdkit import __version__ as rdkit_version

from chemmara.config import Fraction, Strict
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse, scaffold
from chemmara.molecules.library import Library, open_library
from chemmara.molecules.standardise import StandardiseConfig, standardise
from chemmara.system.files import write_text
from chemmara.system.locking import only_writer
from chemmara.system.side_by_side import side_by_side

SPLITS = ("train", "valid", "test")
REPORT = "corpus.json"
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
    """File names (paths where two files have one name) and their sha256."""
    config: CorpusConfig
    """Settings."""
    read: int
    """Molecules in the sources."""
    dropped: dict[str, int]
    """Reason to number of molecules left out."""
    kept: dict[str, int]
    """Molecules of each split."""
    files: dict[str, str] = Field(default_factory=dict)
    """File names of the splits and their sha256; absent from corpora of older versions."""
    versions: dict[str, str]
    """Of chemmara and RDKit, on which canonical SMILES depend."""


def prepare(
    sources: Sequence[Path],
    out: Path,
    config: CorpusConfig,
    *,
    workers: int = 1,
    force: bool = False,
    tell: Callable[[int], None] = lambda _: None,
) -> CorpusReport:
    """Write train.smi, valid.smi, test.smi and corpus.json to `out`: canonical SMILES, unique, shuffled by seed.

    The result does not depend on `workers` nor on the order of the molecules in the sources. `tell` hears how many
    molecules have been gone through since it was last called.

    Raises:
        ChemmaraError: a source cannot be read, no molecule is left, `out` holds a corpus and `force` is not set, or
            another process is writing there.
    """
    libraries = [open_library(source) for source in sources]  # the last is refused before the first is gone through
    names = Counter(source.name for source in sources)
    checksums = {source.name if names[source.name] == 1 else str(source): _checksum(source) for source in sources}
    _refuse_to_replace(out, force=force)
    smiles, read, dropped = _unique(libraries, config.standardise, workers, tell)
    splits = _split(smiles, config)
    with only_writer(out):
        _refuse_to_replace(out, force=force)
        (out / REPORT).unlink(missing_ok=True)  # it vouches for the old splits
        for name, part in splits.items():
            write_text(out / f"{name}.smi", "".join(f"{text}\n" for text in part))
        report = CorpusReport(
            sources=checksums,
            config=config,
            read=read,
            dropped=dict(dropped.most_common()),
            kept={name: len(part) for name, part in splits.items()},
            files={f"{name}.smi": _checksum(out / f"{name}.smi") for name in splits},
            versions={"chemmara": version("chemmara"), "rdkit": rdkit_version},
        )
        write_text(out / REPORT, report.model_dump_json(indent=2) + "\n")
    return report


def _refuse_to_replace(out: Path, *, force: bool) -> None:
    if (out / REPORT).exists() and not force:
        raise ChemmaraError(f"{out}: holds a corpus already; choose another --out, or --force to replace it")


def _unique(
    libraries: Sequence[Library], config: StandardiseConfig, workers: int, tell: Callable[[int], None]
) -> tuple[list[str], int, Counter[str]]:
    """Sorted standardised SMILES, number of rows read, and number of rows left out by reason."""
    dropped: Counter[str] = Counter()
    unique: set[str] = set()
    read = 0
    everything = chain.from_iterable(library.smiles() for library in libraries)
    for batch in _standardised(everything, config, workers):
        for text, reason in batch:
            if text in unique or reason:
                dropped[reason or "duplicate"] += 1
            else:
                unique.add(text)
        read += len(batch)
        tell(len(batch))
    if not unique:
        names = ", ".join(library.source for library in libraries)
        raise ChemmaraError(f"{names}: not one molecule is left ({dict(dropped)})")
    return sorted(unique), read, dropped


def unchanged_splits(folder: Path) -> frozenset[str]:
    """Names of the splits of a corpus whose files are, byte for byte, as `prepare` wrote them.

    Their rows are canonical SMILES and need no parsing. None of a corpus whose corpus.json is missing, damaged or older
    than the checksums.
    """
    try:
        report = CorpusReport.model_validate_json((folder / REPORT).read_bytes())
    except (FileNotFoundError, ValidationError):
        return frozenset()
    files = {name: folder / f"{name}.smi" for name in SPLITS}
    return frozenset(
        name for name, path in files.items() if path.is_file() and report.files.get(path.name) == _checksum(path)
    )


def read_split(folder: Path, split: str) -> list[str]:
    """The SMILES of one split of a prepared corpus as written, not parsed; ChemmaraError if the file is missing."""
    library = split_library(folder, split)
    return [] if library is None else [text.strip() for text in library.smiles()]


def split_library(folder: Path, split: str) -> Library | None:
    """One split of a prepared corpus as a library (SMILES, then perhaps a name); None where it holds no molecule."""
    path = folder / f"{split}.smi"
    if not path.is_file():
        raise ChemmaraError(f"{folder}: not a prepared corpus ({path.name} is missing); see `chemmara corpus prepare`")
    with path.open("rb") as file:
        empty = all(not line.strip() for line in file)
    return None if empty else open_library(path)


def _standardised(smiles: Iterator[str], config: StandardiseConfig, workers: int) -> Iterator[list[tuple[str, str]]]:
    """Chunks of standardised molecules, in order; several in flight where there are several workers."""
    work = partial(_standardise_all, config=config)
    chunks = iter(lambda: list(islice(smiles, _CHUNK)), [])
    return side_by_side(work, chunks, workers)


def _standardise_all(smiles: list[str], config: StandardiseConfig) -> list[tuple[str, str]]:
    return [standardise(text, config) for text in smiles]


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
    for text in smiles:
        molecule = parse(text)
        core = "" if molecule is None else scaffold(molecule)
        place = zlib.crc32(f"{config.seed} {core}".encode()) / 2**32
        name = "valid" if place < config.valid else "test" if place < config.valid + config.test else "train"
        splits[name].append(text)
    return splits


def _checksum(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise ChemmaraError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ChemmaraError(f"{path}: is a folder; a file of molecules is needed") from None
