"""An oracle that docks by GNINA, smina or QuickVina: SMILES on stdin, JSON lines on stdout.

    python docking_program.py PROGRAM TARGET [--score NAME] [--exhaustiveness N] [--seed N]

TARGET is a folder of `chemmara dock`, with receptor.pdbqt and box.txt. The score is the program's first pose's: `vina` of
a program that writes PDBQT (QuickVina, Vina), else a tag of its SD file: minimizedAffinity (smina, GNINA; kcal/mol) or
CNNaffinity (GNINA; pK, the higher the better). A molecule that fails has null for its value, and a line on stderr.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rdkit import Chem
from rdkit.Chem import AllChem


def conformer(smiles: str, seed: int) -> Any:
    """A molecule with hydrogens in one relaxed conformer."""
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))  # noqa: TID251 - an example that stands alone
    if AllChem.EmbedMolecule(molecule, randomSeed=seed) != 0:
        raise ValueError("no conformer was found")
    AllChem.MMFFOptimizeMolecule(molecule, maxIters=500)
    return molecule


def as_pdbqt(molecule: Any) -> str:
    """The ligand for programs that read PDBQT alone."""
    from meeko import MoleculePreparation, PDBQTWriterLegacy

    text, well, why = PDBQTWriterLegacy.write_string(MoleculePreparation().prepare(molecule)[0])
    if not well:
        raise ValueError(why.strip())
    return str(text)


def score_of(output: str, name: str) -> float:
    """The first pose's score."""
    pattern = r"REMARK VINA RESULT:\s+(\S+)" if name == "vina" else rf">\s+<{re.escape(name)}>[^\n]*\n([^\n]+)"
    found = re.search(pattern, output)
    if found is None:
        raise ValueError(f"its output has no {name}")
    return float(found[1])


def docked(smiles: str, options: argparse.Namespace) -> float:
    """The score of one molecule."""
    molecule = conformer(smiles, options.seed)
    box = dict(re.findall(r"((?:center|size)_[xyz])\s*=\s*(\S+)", (options.target / "box.txt").read_text()))
    suffix = ".pdbqt" if options.score == "vina" else ".sdf"
    with TemporaryDirectory() as folder:
        ligand, out = Path(folder) / f"ligand{suffix}", Path(folder) / f"out{suffix}"
        ligand.write_text(as_pdbqt(molecule) if suffix == ".pdbqt" else Chem.MolToMolBlock(molecule) + "$$$$\n")
        given = {"receptor": options.target / "receptor.pdbqt", "ligand": ligand, "out": out, **box, "cpu": 1}
        given |= {"exhaustiveness": options.exhaustiveness, "seed": options.seed, "num_modes": 1}
        words = [str(word) for key, value in given.items() for word in (f"--{key}", value)]
        ran = subprocess.run([options.program, *words], capture_output=True, text=True, check=False)  # noqa: S603 - a list
        if ran.returncode or not out.is_file():
            raise ValueError((ran.stderr or ran.stdout).strip().splitlines()[-1:] or "it wrote nothing")
        return score_of(out.read_text(), options.score)


def main() -> None:
    """Dock what comes on stdin."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("target", type=Path)
    parser.add_argument("--score", default="minimizedAffinity")
    parser.add_argument("--exhaustiveness", type=int, default=8)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    for line in sys.stdin:
        smiles, value = line.strip(), None
        try:
            value = docked(smiles, options)
        except ValueError as error:
            print(f"{smiles}: {error}", file=sys.stderr)  # noqa: T201 - a program's messages
        print(json.dumps({"smiles": smiles, "value": value}), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
