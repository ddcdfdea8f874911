"""What all tests share: a prior that is made in no time, and a quiet Hypothesis."""

import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # several processes test at once: each has one thread, before torch counts them
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch
from hypothesis import settings

from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, save_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.notation import Selfies

settings.register_profile("chemmara", deadline=None, max_examples=50)  # the first torch call takes over a second
settings.load_profile("chemmara")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A test is named after the argument where its value is bytes: what is packed holds the time of the packing."""
    return argname if isinstance(val, bytes) else None


_LONGEST = {
    "test_readme.py",
    "test_howto_pages.py",
    "test_taking_out_page.py",
    "test_stages_page.py",
    "test_notebook.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The pages come first: a process whose last test takes minutes would leave the others without work."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


DRUGS = {
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "ibuprofen": "CC(C)Cc1ccc(C(C)C(=O)O)cc1",
    "paracetamol": "CC(=O)Nc1ccc(O)cc1",
    "celecoxib": "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
    "diazepam": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
    "nicotine": "CN1CCCC1c1cccnc1",
    "metformin": "CN(C)C(=N)NC(=N)N",
}


@pytest.fixture(scope="session")
def drugs() -> dict[str, str]:
    """Well-known drugs by name, as RDKit's canonical SMILES without stereo."""
    return DRUGS


@pytest.fixture(scope="session")
def tiny_prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an untrained SELFIES prior: whatever it writes is a molecule."""
    torch.manual_seed(7)
    tokenizer = Tokenizer.of(map(Selfies().write, DRUGS.values()), "selfies")
    config = PriorConfig(network=RecurrentConfig(embedding=16, hidden=32), max_length=25)
    folder = tmp_path_factory.mktemp("priors") / "tiny"
    folder.mkdir()
    save_prior(Prior("tiny", config, tokenizer, build(config.network, len(tokenizer))), folder)
    return folder


def with_method_tables(campaign: Path, tables: str) -> Path:
    """The small campaign with these tables in place of its method."""
    text = campaign.read_text(encoding="utf-8")
    own = 'method = { name = "prior-undone", tau = 0.3, batch_size = 16, replay = { rows = 8 } }\n'
    assert own in text
    campaign.write_text(text.replace(own, "") + tables, encoding="utf-8")
    return campaign


@pytest.fixture
def campaign_file(tmp_path: Path, tiny_prior: Path) -> Path:
    """A small campaign on the tiny prior, in a file."""
    path = tmp_path / "campaign.toml"
    path.write_text(
        f"""
prior = "{tiny_prior}"
budget = 150
hit_threshold = 0.5
seed = 3
threads = 1
checkpoint_seconds = 0.2
method = {{ name = "prior-undone", tau = 0.3, batch_size = 16, replay = {{ rows = 8 }} }}
[objective]
aggregation = "arithmetic"
[[objective.component]]
oracle = "qed"
[[objective.component]]
oracle = "tpsa"
transform = {{ kind = "ramp", worst = 0.0, best = 60.0 }}
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def shared() -> Path:
    """The workplace's data sets beside the checkout; tests that want them are skipped where they are not."""
    root = Path(__file__).parents[1]
    for path in (root.parent / "shared", root.parent.parent / "shared"):
        if path.is_dir():
            return path
    pytest.skip("neither ../shared nor ../../shared is here")
