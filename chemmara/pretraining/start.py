"""A prior before its first step of training, and the molecules that it is going to learn from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from chemmara.errors import ChemmaraError, TokenError
from chemmara.language_model.build import NetworkConfig, build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior, longest, within
from chemmara.language_model.extend import extended
from chemmara.language_model.tokenizer import Tokenizer, written
from chemmara.molecules.notation import NOTATIONS
from chemmara.pretraining.batches import Encoded
from chemmara.pretraining.settings import PretrainConfig
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


def fresh_start(source: Path, name: str, config: PretrainConfig, tell: Callable[[int], None]) -> Start:
    """A prior with random weights, drawn from torch's generator, and the vocabulary of the source's molecules."""
    write = cache(lambda smiles: written(smiles, config.notation))  # of SELFIES a third of a millisecond each, so once
    texts = read_texts(
        source, seed=config.seed, stereo=config.stereo, refuse=_refusal(write, config.notation, config.network),
        tell=tell,
    )  # fmt: skip
    tokenizer = Tokenizer.of(map(write, [*texts.train, *texts.valid]), config.notation)
    corpus = _corpus(lambda smiles: tokenizer.encode(write(smiles)), texts)
    length = _max_length(corpus, config.network)
    model = build(config.network, len(tokenizer))
    prior = Prior(name, PriorConfig(network=config.network, max_length=length), tokenizer, model)
    return Start(prior, corpus, texts, parent="")


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
    needed = Tokenizer.of(map(write, [*texts.train, *texts.valid]), tokenizer.notation).tokens
    added = tuple(token for token in needed if token not in tokenizer.tokens)
    prior = replace(extended(parent, added), name=name, sha256="")
    corpus = _corpus(lambda smiles: prior.tokenizer.encode(write(smiles)), texts)
    cut = None
    if corpus.train.lengths.max() > parent.config.max_length:
        cut = parent.config.max_length
        raised = parent.config.model_copy(update={"max_length": _max_length(corpus, network)})
        prior = replace(prior, config=raised)
    return Start(prior, corpus, texts, parent.name, added, cut)


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


def _corpus(encode: Callable[[str], list[int]], texts: Texts) -> Corpus:
    train, valid = (Encoded.of([encode(smiles) for smiles in part]) for part in (texts.train, texts.valid))
    return Corpus(train, valid, texts.known)


def _max_length(corpus: Corpus, network: NetworkConfig) -> int:
    """Tokens after which a sample is cut: a tenth more than the longest training molecule has."""
    length = int(corpus.train.lengths.max())
    return min(length + length // 10, longest(network) or 1 << 30)
