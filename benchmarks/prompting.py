"""Prompting, the other way from a core to molecules without a new model (PromptSMILES): for `decoration.py` to compare.

For one place after the other the molecule is written as a SMILES that ends there, the likeliest of several, and the
prior writes on to its end token; the other places are hydrogens meanwhile.
"""

from collections.abc import Sequence

import torch
from rdkit.Chem import Mol

from chemmara.decoration.pattern import spellings
from chemmara.decoration.places import read_part
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.sampling import log_likelihood, next_logp
from chemmara.language_model.tokenizer import END, PAD, START
from chemmara.molecules.chem import canonical, parse
from chemmara.molecules.notation import Smiles


def prompted(prior: Prior, core: str, n: int, *, seed: int) -> list[str]:
    """SMILES of n molecules; "" for one that went wrong on the way."""
    part, generator = read_part(core, "core"), torch.Generator().manual_seed(seed)
    texts, prompts = [canonical(part.molecule)] * n, dict[tuple[str, int], str]()
    for place in part.places:
        for text in set(texts):
            molecule = parse(text)
            prompts[text, place] = _likeliest(prior, molecule, place) if molecule is not None else ""
        begun = [prompts[text, place] for text in texts]
        ends = _written_on(prior, [_ids(prior, text) for text in begun], generator)
        texts = [f"{text}{end}" if text and end else "" for text, end in zip(begun, ends, strict=True)]
    return texts


def _likeliest(prior: Prior, molecule: Mol, place: int) -> str:
    """The likeliest of up to ten SMILES that end at a place, without it; "" if there is none."""
    mark = f"[{place}*]"
    ending = [text.removesuffix(mark) for text in spellings(molecule, number=60) if text.endswith(mark)][:10]
    ending = [text for text in ending if prior.tokenizer.knows(_without_places(text))]
    rows = [_ids(prior, text) for text in ending]
    return ending[int(log_likelihood(prior.model, rows).argmax())] if rows else ""


def _ids(prior: Prior, text: str) -> list[int]:
    """Ids of a SMILES without its places and without an end token."""
    return prior.tokenizer.encode(_without_places(text))[:-1]


def _without_places(text: str) -> str:
    return "".join(token for token in Smiles().split(text) if "*" not in token).replace("()", "")


@torch.no_grad()
def _written_on(prior: Prior, prefixes: Sequence[list[int]], generator: torch.Generator) -> list[str]:
    """What the prior writes behind each row; "" where it comes to no end."""
    rows, state = len(prefixes), prior.model.start(len(prefixes))
    last, written = torch.full((rows,), START), [list[int]() for _ in prefixes]
    for position in range(prior.config.max_length):
        logits, state = prior.model.step(last, state)
        drawn = torch.multinomial(next_logp(logits).exp(), 1, generator=generator)[:, 0] + END
        given = [prefix[position] if position < len(prefix) else PAD for prefix in prefixes]
        last = torch.where(torch.tensor(given) != PAD, torch.tensor(given), drawn)
        for row in range(rows):
            if given[row] == PAD and END not in written[row]:
                written[row].append(int(last[row]))
    return [prior.tokenizer.decode_smiles(row) for row in written]
