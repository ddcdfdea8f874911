"""The molecules that a prior learns from, parsed, whatever form they come in: a prepared corpus or a molecule file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical, parse, why_invalid, without_stereo
from chemmara.molecules.library import Library, open_library
from chemmara.pretraining.account import Account
from chemmara.pretraining.corpus import SPLITS, read_split, split_library, unchanged_splits

Refuse = Callable[[str], str]
"""Why a prior cannot write a SMILES, in a few words; "" where it can."""

_STEP = 1000  # molecules between two reports of progress


@dataclass(frozen=True)
class Texts:
    """SMILES to learn from and SMILES held out, all of them valid."""

    train: list[str]
    valid: list[str]  # to steer training by
    test: list[str]  # to judge the prior by; those of `valid` where the corpus has no third part
    known: frozenset[str]  # canonical SMILES of `train`
    accounts: tuple[Account, ...]  # one a file, for what was left out


def read_texts(
    source: Path,
    *,
    seed: int,
    stereo: Literal["keep", "drop"] = "keep",
    refuse: Refuse = lambda _: "",
    tell: Callable[[int], None] = lambda _: None,
) -> Texts:
    """The valid molecules of a corpus or a molecule file that `refuse` has nothing against.

    A folder made by `corpus prepare` keeps its splits and its rows as they are written; rows that are not valid SMILES
    are left out (files that are still as `prepare` wrote them need no parsing). A molecule file is canonicalised, each
    molecule taken once, and a part held out by seed (`held_out_of`). `tell` hears how many rows more have been read.

    Raises:
        ChemmaraError: the source cannot be read, or too few molecules are left to learn from and hold out.
    """
    if source.is_dir():
        if stereo == "drop":
            raise ChemmaraError(f"{source}: a corpus keeps its stereo as prepared; use `corpus prepare --stereo drop`")
        texts = _read_corpus(source, refuse, tell)
    else:
        texts = _read_file(source, seed, stereo, refuse, tell)
    if not texts.train or not texts.valid:
        reasons = "".join(f"; {account.summary()}" for account in texts.accounts if account.left_out)
        raise ChemmaraError(
            f"{source}: {len(texts.train)} molecules to learn from and {len(texts.valid)} held out; at least 1 of each"
            f" is needed{reasons}"
        )
    return texts


def held_out_of(molecules: int) -> int:
    """How many molecules of a plain file are held out: a tenth of a small set, at least 2 % and at most 5,000.

    >>> [held_out_of(n) for n in (1, 2, 20, 121, 1_000, 5_000, 10_000, 725_000)]
    [0, 1, 2, 12, 100, 100, 200, 5000]
    """
    return min(molecules - 1, max(1, min(round(molecules / 10), 100), min(round(molecules / 50), 5000)))


def _read_corpus(folder: Path, refuse: Refuse, tell: Callable[[int], None]) -> Texts:
    parts, known, accounts = {}, frozenset[str](), []
    splits = [name for name in SPLITS if name != "test" or (folder / "test.smi").exists()]
    unchanged = unchanged_splits(folder)
    for name in splits:
        account = Account(f"{name}.smi")
        if name in unchanged:
            rows = ((text, text) for text in _unparsed(read_split(folder, name), account, refuse, tell))
        else:
            rows = ((text, canonical_text) for _, text, canonical_text in _parsed(
                split_library(folder, name), "keep", account, refuse, tell, rewrite=False
            ))  # fmt: skip
        pairs = list(rows)
        parts[name] = [text for text, _ in pairs]
        if name == "train":
            known = frozenset(canonical_text for _, canonical_text in pairs)
        accounts.append(account)
    return Texts(parts["train"], parts["valid"], parts.get("test", parts["valid"]), known, tuple(accounts))


def _read_file(
    source: Path, seed: int, stereo: Literal["keep", "drop"], refuse: Refuse, tell: Callable[[int], None]
) -> Texts:
    account = Account(source.name)
    first_row: dict[str, int] = {}
    for row, text, smiles in _parsed(open_library(source), stereo, account, refuse, tell, rewrite=True):
        if smiles in first_row:
            account.leave_out(row, text, "duplicate", f"of row {first_row[smiles]}")
        else:
            first_row[smiles] = row
    smiles = list(first_row)
    order = np.random.default_rng(seed).permutation(len(smiles))
    held_out = held_out_of(len(smiles)) if smiles else 0
    shuffled = [smiles[i] for i in order]
    train, valid = shuffled[held_out:], shuffled[:held_out]
    return Texts(train, valid, valid, frozenset(train), (account,))


def _unparsed(smiles: list[str], account: Account, refuse: Refuse, tell: Callable[[int], None]) -> Iterator[str]:
    """The molecules of a split that is as `prepare` wrote it: valid and canonical, so only `refuse` is asked."""
    for row, text in enumerate(smiles, start=1):
        _count(account, tell)
        if reason := refuse(text):
            _refused(account, row, text, reason, refuse)
        else:
            yield text


def _parsed(
    library: Library | None,
    stereo: Literal["keep", "drop"],
    account: Account,
    refuse: Refuse,
    tell: Callable[[int], None],
    *,
    rewrite: bool,
) -> Iterator[tuple[int, str, str]]:
    """Row number, text and canonical SMILES of each valid row; `refuse` sees the latter if that is what is learned."""
    for row, text, unreadable in _rows(library) if library is not None else ():
        _count(account, tell)
        molecule = parse(text)
        if molecule is None and text:
            account.leave_out(row, text, "invalid SMILES", f"({why_invalid(text)})")
        elif molecule is None:
            account.leave_out(row, text, *(("unreadable", f"({unreadable})") if unreadable else ("empty",)))
        if molecule is None:
            continue
        smiles = canonical(without_stereo(molecule) if stereo == "drop" else molecule)
        if rewrite and smiles != text and parse(smiles) is None:
            account.leave_out(row, text, "not readable once canonical")
        elif reason := refuse(smiles if rewrite else text):
            _refused(account, row, text, reason, refuse)
        else:
            yield row, text, smiles


def _rows(library: Library) -> Iterator[tuple[int, str, str]]:
    """Row number from 1, SMILES, and why the reader could not read the structure of the row ("" where it could)."""
    for table in library.chunks():
        for row, text in enumerate(table[library.smiles_column], start=int(table.index[0])):
            yield row + 1, str(text).strip(), library.unreadable.get(row, "")


def _count(account: Account, tell: Callable[[int], None]) -> None:
    account.read += 1
    if account.read % _STEP == 0:
        tell(_STEP)


def _refused(account: Account, row: int, text: str, reason: str, refuse: Refuse) -> None:
    """Leave a row out, and note whether it could be written without its stereo."""
    account.leave_out(row, text, reason)
    if any(mark in text for mark in "@/\\") and (molecule := parse(text)) is not None:
        account.without_stereo += not refuse(canonical(without_stereo(molecule)))
