"""A prior before its first step of training, and the molecules that it is going to learn from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from chemmara.errors import ChemmaraError, TokenError
from chemmara.language_model.build import NetworkConfig, build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior, longest, within
from chemmara.language_model.extend import extended
from chemmara.language_model.tokenizer import Tokenizer, written
from chemmara.molecules.notation import NOTATIONS
from chemmara.pretraining.batches import Encoded
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.spellings import RandomSpellings, first_spellings, held_out_spellings
from chemmara.pretraining.texts import Refuse, Texts, read_texts
from chemmara.pretraining.train import Corpus


@dataclass(frozen=True)
class Start:
    """Where a run of training begins."""

    prior: Prior
    corpus: Corpus
    texts: Texts
    parent: str  # name of the prior that training continues; "" from scratch
    added: tuple[str, ...] = ()  # tokens that the parent did not have
    cut: int | None = None  # the parent's `max_length`, if the molecules are longer and the new prior's was raised
    longest: int = 0  # tokens of the longest training molecule, end included, where `cut` is set


def fresh_start(source: Path, name: str, config: PretrainConfig, tell: Callable[[int], None]) -> Start:
    """A prior with random weights, drawn from torch's generator, and the vocabulary of the source's molecules."""
    write = cache(lambda smiles: written(smiles, config.notation))  # of SELFIES a third of a millisecond each, so once
    texts = read_texts(
        source, seed=config.seed, stereo=config.stereo, refuse=_refusal(write, config.notation, config.network),
        tell=tell,
    )  # fmt: skip
    spellings = _first_spellings(texts, config, config.notation)
    tokenizer = Tokenizer.of([*map(write, [*texts.train, *texts.valid]), *spellings], config.notation)
    train, valid = _encoded(lambda smiles: tokenizer.encode(write(smiles)), texts)
    length = _max_length(_longest(train.lengths, spellings, config.notation), config.network)
    settings = PriorConfig(network=config.network, max_length=length, random_smiles=config.random_smiles)
    prior = Prior(name, settings, tokenizer, build(config.network, len(tokenizer)))
    return Start(prior, _corpus(train, valid, prior, texts, config), texts, parent="")


def continued_start(
    source: Path, name: str, config: PretrainConfig, parent_name: str, tell: Callable[[int], None]
) -> Start:
    """A copy of the parent, and the molecules that its vocabulary writes; or all, and the tokens for that added."""
    parent = load_prior(parent_name)
    tokenizer, network = parent.tokenizer, parent.config.network
    write = cache(lambda smiles: written(smiles, tokenizer.notation))
    refuse = _refusal(write, tokenizer.notation, network, None if config.extend_vocabulary else tokenizer)
    try:
        texts = read_texts(source, seed=config.seed, stereo=config.stereo, refuse=refuse, tell=tell)
    except ChemmaraError as error:
        raise ChemmaraError(f"{error} (prior {parent.name})") from None
    spellings = _first_spellings(texts, config, tokenizer.notation)
    learned = spellings if config.extend_vocabulary else []
    needed = Tokenizer.of([*map(write, [*texts.train, *texts.valid]), *learned], tokenizer.notation).tokens
    added = tuple(token for token in needed if token not in tokenizer.tokens)
    prior = replace(extended(parent, added), name=name, sha256="")
    train, valid = _encoded(lambda smiles: prior.tokenizer.encode(write(smiles)), texts)
    longest_row = _longest(train.lengths, spellings, tokenizer.notation)
    cut = parent.config.max_length if longest_row > parent.config.max_length else None
    length = parent.config.max_length if cut is None else _max_length(longest_row, network)
    settings = parent.config.model_copy(update={"max_length": length, "random_smiles": config.random_smiles})
    prior = replace(prior, config=settings)
    return Start(prior, _corpus(train, valid, prior, texts, config), texts, parent.name, added, cut, longest_row)


def _refusal(
    write: Callable[[str], str], notation: str, network: NetworkConfig, tokenizer: Tokenizer | None = None
) -> Refuse:
    """Why a molecule cannot be written: in the notation, within the network's length, and by the tokenizer if given."""
    split, limit = NOTATIONS[notation].split, longest(network)

    def refuse(smiles: str) -> str:
        try:
            text = write(smiles)
            if tokenizer is not None:
                within(tokenizer.encode(text), smiles, limit)
            elif limit is not None:
                within([*split(text), "end"], smiles, limit)
        except TokenError as error:
            return error.reason
        return ""

    return refuse


def _encoded(encode: Callable[[str], list[int]], texts: Texts) -> tuple[Encoded, Encoded]:
    """The molecules to learn from and those held out, as the source writes them."""
    return Encoded.of([encode(smiles) for smiles in texts.train]), Encoded.of(
        [encode(smiles) for smiles in texts.valid]
    )


def _first_spellings(texts: Texts, config: PretrainConfig, notation: str) -> list[str]:
    """The first random SMILES that training will read, for the vocabulary and the length; none without them."""
    if config.random_smiles is None:
        return []
    return list(first_spellings(texts.train, config.random_smiles, notation, config.seed))


def _corpus(train: Encoded, valid: Encoded, prior: Prior, texts: Texts, config: PretrainConfig) -> Corpus:
    """What training reads: the encoded molecules, or random SMILES of them, if the settings ask for those."""
    kind = config.random_smiles
    if kind is None:
        return Corpus(train, valid, texts.known)
    respelled = RandomSpellings(texts.train, train, prior, kind, config.seed)
    return Corpus(respelled, held_out_spellings(texts.valid, prior, kind), texts.known, valid)


def _longest(lengths: np.ndarray, spellings: list[str], notation: str) -> int:
    """Tokens of the longest training molecule, of all texts that are known of it, end included."""
    split = NOTATIONS[notation].split
    return max(int(lengths.max()), *(len(split(text)) + 1 for text in spellings), 0)


def _max_length(longest_row: int, network: NetworkConfig) -> int:
    """Tokens after which a sample is cut: a tenth more than the longest training molecule has."""
    return min(longest_row + longest_row // 10, longest(network) or 1 << 30)
