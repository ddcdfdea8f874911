"""What sampling with given parts is worth: the tables of docs/from-a-core.md.

    python benchmarks/decoration.py [cores|drugs|linkers|branched|macrocycles|analogues|speed ...]

Without a name all seven. `cores`: three cores by the command line, 1,000 molecules each, against prompting (256) and
the prior's own (1,000). `drugs`: 128 molecules on each of twelve cores of approved drugs. `linkers`: 128 between each
of ten pairs. `branched` and `macrocycles`: 200 for each of five. `analogues`: 128 of each of three drugs. `speed`:
processor time against unconstrained sampling.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import run

import numpy as np
import pandas as pd
import torch
from prompting import prompted
from rdkit.Chem import QED, Mol

from chemmara.benchmark.statistics import as_markdown
from chemmara.decoration.filling import fill
from chemmara.decoration.grammar import Grammar
from chemmara.decoration.sampler import PatternSampler
from chemmara.decoration.start import from_cores, from_fragments, from_molecule
from chemmara.decoration.table import Table
from chemmara.decoration.tables import drawn_tables
from chemmara.decoration.window import Window
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.sampling import log_likelihood, sample
from chemmara.molecules.chem import canonical, canonical_smiles, molecules_of, parse
from chemmara.oracles.contributed import sa_score
from chemmara.oracles.substructure import core_query

PRIOR, SEED, N = "chembl-gru", 1, 128
CORES = ("*Nc1ncnc2cc(*)ccc12", "*C(=O)N1CCC(*)CC1", "*c1nc(*)c2cc(*)ccc2n1")
DRUGS = {
    "prazosin": (PRIOR, "COc1cc2nc(*)nc(N)c2cc1OC"),
    "ofloxacin, without its third ring": (PRIOR, "*c1cc2c(cc1F)c(=O)c(C(=O)O)cn2*"),
    "celecoxib": (PRIOR, "*c1cc(C(F)(F)F)nn1-c1ccc(S(N)(=O)=O)cc1"),
    "omeprazole: aromatic NH": (PRIOR, "*c1ccc2[nH]c(S(=O)C*)nc2c1"),
    "carvedilol: aromatic NH": (PRIOR, "*COc1cccc2[nH]c3ccccc3c12"),
    "atropine: bicycle": (PRIOR, "CN1C2CCC1CC(*)C2"),
    "neostigmine: charge": (PRIOR, "C[N+](C)(C)c1cccc(*)c1"),
    "pacritinib: macrocycle": (PRIOR, "*Oc1ccc2cc1COCC=CCOCc1cccc(c1)-c1ccnc(n1)N2"),
    "sildenafil: whole, one place": (PRIOR, "CCCc1nn(C)c2c1nc([nH]c2=O)-c1cc(ccc1OCC)S(=O)(=O)N1CCN(*)CC1"),
    "imatinib: whole, one place": (PRIOR, "Cc1ccc(NC(=O)c2ccc(*)cc2)cc1Nc1nccc(-c2cccnc2)n1"),
    "levetiracetam: stereo": ("zinc250k-gru", "CC[C@H](N1CC(*)CC1=O)C(N)=O"),
    "naproxen: stereo": ("zinc250k-transformer", "C[C@H](C(=O)N*)c1ccc2cc(*)ccc2c1"),
}
PAIRS = (
    ("*c1ccccc1", "*N1CCOCC1"),
    ("*c1ccncc1", "*C1CCNCC1"),
    ("*c1ccc2ncccc2c1", "*N1CCOCC1"),
    ("*c1ccc(Cl)cc1", "*C(=O)O"),
    ("*c1cnc2[nH]ccc2c1", "*c1cccs1"),
    ("*N1CCNCC1", "*c1ccc(C(F)(F)F)cc1"),
    ("*C1CC1", "*c1nc2ccccc2[nH]1"),
    ("*n1cncn1", "*c1ccc(S(N)(=O)=O)cc1"),
    ("*c1ncnc2ccccc12", "*c1ccc(OC)cc1"),
    ("*c1ccc(C#N)cc1", "*N1CCC(C(N)=O)CC1"),
)
TRIPLES = (
    ("*c1ccccc1", "*N1CCOCC1", "*C(=O)O"),
    ("*c1ccncc1", "*c1ccc(Cl)cc1", "*C(N)=O"),
    ("*c1ccc2ncccc2c1", "*c1ccco1", "*C1CC1"),
    ("*N1CCNCC1", "*c1ccc(C(F)(F)F)cc1", "*S(C)(=O)=O"),
    ("*c1cnc2[nH]ccc2c1", "*C#N", "*c1cccs1"),
)
TWO_PLACES = (
    "*NC(=O)c1cccc(CN*)c1",
    "*Oc1cccc(-c2ccnc(N*)n2)c1",
    "*c1cccc(*)c1",
    "*CC(=O)NC(Cc1ccccc1)C(=O)N*",
    "*N1CCN(S(=O)(=O)c2cccc(*)c2)CC1",
)
PARENTS = {
    "celecoxib": "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
    "moclobemide": "O=C(NCCN1CCOCC1)c1ccc(Cl)cc1",
    "diazepam": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
}


def by_command(prior: str, n: int, *options: str) -> pd.DataFrame:
    """The table that `chemmara sample` writes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "molecules.csv"
        run(["chemmara", "sample", prior, *options, "-n", str(n), "--seed", str(SEED), "--out", str(out)], check=True)
        return pd.read_csv(out)


def drawn(prior: Prior, sampler: PatternSampler, *, unique: bool = False, like: str | None = None) -> pd.DataFrame:
    """The same table, of 128 molecules, without the command."""
    return pd.concat(drawn_tables(sampler, prior.model, N, seed=SEED, unique=unique, like=like))


def figures(prior: Prior, smiles: Sequence[str], queries: Sequence[Mol] = ()) -> dict[str, str]:
    """The share that is valid with the parts kept; of these: unique, NLL of the canonical SMILES, size, QED and SA."""
    parsed = [parse(text) for text in smiles]
    good = [molecule for molecule in parsed if molecule is not None and all(map(molecule.HasSubstructMatch, queries))]
    texts = [canonical(molecule) for molecule in good]
    rows = [prior.encode(text) for text in texts if prior.tokenizer.knows(text)]
    return {
        "valid, parts kept": f"{len(good) / len(smiles):.3f}",
        "unique": f"{len(set(texts)) / len(good):.3f}",
        "NLL": f"{-log_likelihood(prior.model, rows).mean():.1f}",
        "heavy atoms": f"{np.mean([molecule.GetNumHeavyAtoms() for molecule in good]):.1f}",
        "QED": f"{np.mean([QED.qed(molecule) for molecule in good]):.3f}",
        "SA": f"{np.mean([sa_score(molecule) for molecule in good]):.2f}",
    }


def single_rows(prior: Prior, sampler: PatternSampler, queries: Sequence[Mol], n: int = 256) -> str:
    """Share of single rows, without the choice among eight, that are valid and keep the parts."""
    generator = torch.Generator().manual_seed(SEED)
    table = Table.of(sampler.patterns, prior.tokenizer)
    pattern = torch.randint(len(sampler.patterns), (n,), generator=generator)
    number = (table.least[pattern] + table.most[pattern]) // 2
    filled = fill(
        prior.model, Grammar.of(prior.tokenizer, torch.device("cpu")), table, pattern, number=number,
        generator=generator, max_length=sampler.max_length,
    )  # fmt: skip
    parsed = [parse(prior.tokenizer.decode_smiles(row)) for row in filled.tokens.tolist()]
    return f"{np.mean([mol is not None and all(map(mol.HasSubstructMatch, queries)) for mol in parsed]):.3f}"


def cores() -> dict[str, dict[str, str]]:
    """The three cores of the design."""
    prior, rows = load_prior(PRIOR), {}
    for core in CORES:
        queries = [core_query(core)]
        rows[f"`{core}`"] = figures(prior, by_command(PRIOR, 1000, "--core", core)["smiles"], queries)
        rows[f"`{core}`"]["single rows"] = single_rows(prior, from_cores(prior, [core]), queries)
        rows[f"`{core}`, prompting"] = figures(prior, prompted(prior, core, 256, seed=SEED), queries)
    generator = torch.Generator().manual_seed(SEED)
    own = sample(prior.model, prior.tokenizer, 1000, generator=generator, max_length=prior.config.max_length)
    return rows | {"the prior's own": figures(prior, own.smiles)}


def drugs() -> dict[str, dict[str, str]]:
    """Cores of approved drugs."""
    rows = {}
    for name, (prior, core) in DRUGS.items():
        loaded, queries = load_prior(prior), [core_query(core)]
        sampler = from_cores(loaded, [core])
        rows[f"{name} `{core}`"] = figures(loaded, drawn(loaded, sampler)["smiles"], queries)
        rows[f"{name} `{core}`"]["single rows"] = single_rows(loaded, sampler, queries)
    return rows


def linkers() -> dict[str, dict[str, str]]:
    """Ten pairs, 2 to 8 heavy atoms; `unique` is that of draws of which repeats are not dropped."""
    prior, rows = load_prior(PRIOR), {}
    for pair in PAIRS:
        queries = [core_query(fragment) for fragment in pair]
        sampler = from_fragments(prior, pair, Window(2, 8))
        repeated = drawn(prior, sampler)["smiles"].map(canonical_smiles)
        rows[" ".join(f"`{fragment}`" for fragment in pair)] = {
            **figures(prior, drawn(prior, sampler, unique=True)["smiles"], queries),
            "unique, repeats kept": f"{repeated.nunique() / N:.3f}",
            "single rows": single_rows(prior, sampler, queries),
        }
    return rows


def branched() -> dict[str, dict[str, str]]:
    """Five sets of three fragments around one linker of 2 to 8 heavy atoms, repeats kept."""
    return {" ".join(f"`{text}`" for text in three): _linked(three, Window(2, 8)) for three in TRIPLES}


def macrocycles() -> dict[str, dict[str, str]]:
    """Five fragments whose two places a linker of 5 to 10 heavy atoms joins, repeats kept; and the largest rings."""
    return {f"`{text}`": _linked([text], Window(5, 10)) for text in TWO_PLACES}


def _linked(fragments: Sequence[str], atoms: Window) -> dict[str, str]:
    """200 molecules, and the median of their largest rings."""
    prior = load_prior(PRIOR)
    tables = drawn_tables(from_fragments(prior, fragments, atoms), prior.model, 200, seed=SEED)
    smiles = pd.concat(tables)["smiles"].tolist()
    rings = [max(map(len, molecule.GetRingInfo().AtomRings()), default=0) for molecule in molecules_of(smiles)]
    return {
        **figures(prior, smiles, [core_query(text) for text in fragments]),
        "largest ring": f"{np.median(rings):.0f}",
    }


def analogues() -> dict[str, dict[str, str]]:
    """Three drugs, similarity 0.4 to 0.8."""
    prior, rows = load_prior(PRIOR), {}
    for name, parent in PARENTS.items():
        sampler = from_molecule(prior, parent, Window(0.4, 0.8))
        table = drawn(prior, sampler, unique=True, like=parent)
        inside = table["similarity"].between(0.4, 0.8).mean()
        rows[name] = {**figures(prior, table["smiles"]), "in the window": f"{inside:.3f}"}
    return rows


def speed() -> dict[str, dict[str, str]]:
    """Molecules a second of processor time on one thread; the median of three."""
    torch.set_num_threads(1)
    prior = load_prior(PRIOR)
    generator = torch.Generator().manual_seed(SEED)
    works: dict[str, Callable[[], object]] = {
        "unconstrained": lambda: sample(prior.model, prior.tokenizer, 1024, generator=generator, max_length=111)
    }
    for core in CORES:
        sampler = from_cores(prior, [core])
        works[f"`{core}`"] = lambda sampler=sampler: sampler.sample(prior.model, N, generator)
    linking = from_fragments(prior, PAIRS[0], Window(2, 8))
    works["linkers of the first pair"] = lambda: linking.sample(prior.model, N, generator)
    seconds = {name: np.median([_seconds(work) for _ in range(3)]) for name, work in works.items()}
    rates = {name: (1024 if name == "unconstrained" else N) / taken for name, taken in seconds.items()}
    plain = rates["unconstrained"]
    return {name: {"molecules/s": f"{rate:.0f}", "slower by": f"{plain / rate:.1f}"} for name, rate in rates.items()}


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


TABLES = {
    "cores": cores, "drugs": drugs, "linkers": linkers, "branched": branched, "macrocycles": macrocycles,
    "analogues": analogues, "speed": speed,
}  # fmt: skip

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        table = pd.DataFrame.from_dict(TABLES[name](), orient="index").fillna("")
        print(f"## {name}\n\n{as_markdown(table, name)}", flush=True)
