"""A prior's folder: written, read, and refused in one clear line when it is not sound."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from chemmara.errors import ChemmaraError
from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior, save_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.language_model.transformer import TransformerConfig


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = PriorConfig(network=RecurrentConfig(embedding=4, hidden=8), max_length=30)
    tokenizer = Tokenizer.of(["CCO", "c1ccccc1"])
    save_prior(Prior("tiny", config, tokenizer, build(config.network, len(tokenizer))), tmp_path)
    return tmp_path


@pytest.mark.parametrize("network", [RecurrentConfig(kind="lstm", hidden=8), TransformerConfig(width=8, heads=2)])
def test_what_is_saved_comes_back(tmp_path: Path, network: RecurrentConfig | TransformerConfig) -> None:
    tokenizer = Tokenizer.of(["CCO"])
    prior = Prior("x", PriorConfig(network=network, max_length=30), tokenizer, build(network, len(tokenizer)))
    save_prior(prior, tmp_path)
    loaded = load_prior(tmp_path)
    assert (loaded.config, loaded.tokenizer) == (prior.config, prior.tokenizer)
    tokens = torch.tensor([[1, 3, 4]])
    prior.model.eval()
    torch.testing.assert_close(loaded.model(tokens), prior.model(tokens))


def truncate(folder: Path) -> None:
    file = folder / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def swap_vocabulary(folder: Path) -> None:
    file = folder / "vocabulary.json"
    file.write_text(json.dumps({"notation": "smiles", "tokens": ["C"]}))


def diverge(folder: Path) -> None:
    prior = load_prior(folder)
    with torch.no_grad():
        next(prior.model.parameters()).view(-1)[0] = torch.nan
    save_prior(prior, folder)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "not a prior (config.json is missing)"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "not a prior (weights.safetensors is missing)"),
        (lambda folder: (folder / "config.json").write_text("{}"), "not a prior's config.json"),
        (lambda folder: (folder / "config.json").write_text("garbage"), "not a prior's config.json"),
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"PK\x03\x04garbage"), "truncated or corrupt"),
        (truncate, "truncated or corrupt"),
        (diverge, "holds weights that are no finite numbers"),
        (swap_vocabulary, "does not fit config.json and vocabulary.json"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(folder: Path, damage: Callable[[Path], None], words: str) -> None:
    damage(folder)
    with pytest.raises(ChemmaraError) as caught:
        load_prior(folder)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ChemmaraError, match="no such prior, neither a path nor a bundled name"):
        load_prior(tmp_path / "nowhere")
