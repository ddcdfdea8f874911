"""Molecule files made at random, with the rows that a reader has to find in them."""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
from rdkit import Chem

from chemmara.molecules.chem import canonical, parse

VALID = (
    "CCO",
    "C",
    "c1ccccc1",
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H](N)C(=O)O",
    "F/C=C/F",
    "[Na+].[Cl-]",
    "CC(=O)Nc1ccc(O)cc1",
)
INVALID = ("C1CC", "nonsense", "C[N](C)(C)C", "c1cccc1", "(")
VALUES = (
    "000731", "12E3", "99.50", "-0", "NA", "nan", "TRUE", "1,5", "a;b", 'say "no"', "=1+1", ">50", "x\ty", "caf\xe9",
    "\xb5M", "two\nlines", "", "  spaced  ", "'", "#", "1e400", "smiles", "\\N", "\\",
)  # fmt: skip
NAMES = ("ethanol", "caf\xe9 x", "a b  c", "4-(2-amino)phenol", '2"-deoxy', "N,N-dimethyl", "100%", "x;y", "")

Outcome = Literal["read", "refused", "either"]


@dataclass(frozen=True)
class Fuzzed:
    """A file and what has to become of it."""

    kind: str
    name: str
    data: bytes
    outcome: Outcome  # either: what was damaged may be refused
    columns: list[str]
    rows: list[list[str]]
    smiles_column: str | None = None  # where its name does not tell
    mark: str = ""  # what separates the cells of plain text; "" for what cannot be read by hand


def fuzzed(seed: int) -> Fuzzed:
    """The file of a seed."""
    dice = random.Random(seed)
    make = dice.choice((_table, _table, _lines, _sdf, _parquet))
    file = make(dice)
    if dice.random() < 0.25:
        file = _damaged(dice, file)
    if dice.random() < 0.35:
        file = _packed(dice, file)
    return _damaged(dice, file) if dice.random() < 0.05 else file


def _count(dice: random.Random) -> int:
    return dice.choice((1, 2, 3, 5, 8, 30)) if dice.random() < 0.97 else dice.randint(1000, 2100)


def _smiles(dice: random.Random, *others: str) -> str:
    return dice.choice(VALID) if dice.random() < 0.8 else dice.choice((*INVALID, *others))


def _encoded(dice: random.Random, text: str) -> bytes:
    encoding = dice.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"))
    end = dice.choice(("\n", "\n", "\r\n", "\r"))
    return text.replace("\n", end).encode(encoding)


def _table(dice: random.Random) -> Fuzzed:
    mark = dice.choice((",", ",", ";", "\t"))
    odd = dice.random() < 0.2
    smiles_name = "mol text" if odd else dice.choice(("smiles", "SMILES", "Canonical_Smiles", "Structure"))
    columns = [smiles_name, *dice.sample(["id", "name", "IC50 (\xb5M)", "note, long", "note"], dice.randint(1, 4))]
    dice.shuffle(columns)
    cell: dict[str, Callable[[int], str]] = {
        smiles_name: lambda _: _smiles(dice, ""), "id": lambda row: f"id-{row}", "name": lambda _: dice.choice(NAMES),
    }  # fmt: skip
    rows = [[cell.get(column, lambda _: dice.choice(VALUES))(row) for column in columns] for row in range(_count(dice))]
    quoting = dice.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    trailing, outcome, spoilt, header = dice.choice((0, 0, 1, 2)), "read", "", columns
    if dice.random() < 0.12:
        spoilt, outcome = dice.choice(("cell", "quote", "header")), "refused"
    if spoilt == "header":
        header = [*columns, columns[0]]
    lines = [_line(header, mark, quoting) + mark * dice.randint(0, trailing)]
    for row in rows:
        kept = row
        while dice.random() < 0.5 and len(kept) > 2 and not kept[-1]:
            kept = kept[:-1]
        lines.append(_line(kept, mark, quoting) + (mark * dice.randint(0, trailing) if kept is row else ""))
        lines += [""] * (dice.random() < 0.05)
    if spoilt == "cell":
        place = dice.randrange(len(rows))
        lines.insert(1 + place, _line([*rows[place], "extra"], mark, quoting))
    text = "\n".join(lines) + ("" if spoilt == "quote" else dice.choice(("\n", "", "\n\n")))
    text += "\nC" + mark + '"never closed\n' if spoilt == "quote" else ""
    suffix = dice.choice((".csv", ".csv", ".tsv", ".txt", ".smi", ""))
    return Fuzzed(f"table{suffix}", f"x{suffix}", _encoded(dice, text), outcome, columns, rows,  # type: ignore[arg-type]
                  smiles_name if odd else None, mark=mark)  # fmt: skip


def _line(cells: list[str], mark: str, quoting: int) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=mark, quoting=quoting, lineterminator="\n").writerow(cells)  # type: ignore[arg-type]
    return file.getvalue().removesuffix("\n")


def _lines(dice: random.Random) -> Fuzzed:
    named = dice.random() < 0.7
    rows = [[_smiles(dice), *([dice.choice(NAMES)] if named else [])] for _ in range(_count(dice))]
    if named and not any(name for _, name in rows):
        rows[-1][1] = "last"
    columns = ["smiles", "name"] if named else ["smiles"]
    between = dice.choice((" ", "\t", "  \t"))
    lines = [between.join(row).rstrip() for row in rows]
    if between != "\t" and dice.random() < 0.3:
        lines.insert(0, "smiles")
    for _ in range(dice.randint(0, 2)):
        lines.insert(dice.randrange(len(lines) + 1), dice.choice(("", "  ")))
    data = _encoded(dice, "\n".join(lines) + dice.choice(("\n", "", "\n\n")))
    suffix = dice.choice((".smi", ".smi", ".smiles", ".txt", ""))
    return Fuzzed(f"lines{suffix}", f"x{suffix}", data, "read", columns, rows, mark=" ")


def _sdf(dice: random.Random) -> Fuzzed:
    titled, tags = (
        dice.random() < 0.7,
        dice.sample(["id", "IC50", "smiles", "name", "Name", "caf\xe9"], dice.randint(0, 4)),
    )
    written, text = {"smiles": "smiles", "name": "name" if titled else ""}, ""
    columns = ["smiles", *(["name"] if titled else [])]
    seen: dict[str, str] = {}
    found: list[dict[str, str]] = []
    for _ in range(min(_count(dice), 300)):
        smiles, title = dice.choice(VALID), dice.choice(NAMES[:-1]) if titled else ""
        block = (Chem.MolToV3KMolBlock if dice.random() < 0.3 else Chem.MolToMolBlock)(parse(smiles))
        cells = {"smiles": canonical(parse(smiles)), **({"name": title} if titled else {})}  # type: ignore[arg-type]
        if dice.random() < 0.1:
            block, cells["smiles"] = block.replace("V2000", "V9000").replace("COUNTS", "CUONTS"), ""
        text += title + block[block.index("\n") :]
        for tag in dice.sample(tags, dice.randint(0, len(tags))):
            value = dice.choice([value for value in VALUES if value.strip() or not value])
            seen.setdefault(tag, f"{tag} (tag)" if written.get(tag) else tag)
            cells[seen[tag]] = value
            text += f">  <{tag}>\n{value}\n\n"
        text += "$$$$\n"
        found.append(cells)
    columns += seen.values()
    rows = [[cells.get(column, "") for column in columns] for cells in found]
    suffix = dice.choice((".sdf", ".sdf", ".sd", ".txt", ""))
    text = text.removesuffix("$$$$\n") if dice.random() < 0.2 else text
    outcome: Outcome = "read" if any(row[0] for row in rows) else "either"
    return Fuzzed(f"sdf{suffix}", f"x{suffix}", _encoded(dice, text), outcome, columns, rows)


def _parquet(dice: random.Random) -> Fuzzed:
    rows = [
        [_smiles(dice, ""), f"id-{row}", str(dice.choice((731, 0, -5))), dice.choice(VALUES)]
        for row in range(_count(dice))
    ]
    columns = ["SMILES", "id", "number", "value"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(number=frame["number"].astype("int64")).replace({"value": {"": None}})
    file = io.BytesIO()
    frame.to_parquet(file)
    suffix = dice.choice((".parquet", ".parquet", ""))
    return Fuzzed(f"parquet{suffix}", f"x{suffix}", file.getvalue(), "read", columns, rows)


def _packed(dice: random.Random, file: Fuzzed) -> Fuzzed:
    how = dice.choice((".gz", ".xz", ".bz2", ".zip", ".tar", ".tar.gz"))
    name = dice.choice((file.name, file.name + how))  # a name that says so, or one that does not
    data = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}.get(how, lambda data: data)(file.data)
    if how not in {".gz", ".xz", ".bz2"}:
        archive = io.BytesIO()
        if how == ".zip":
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
                zipped.writestr(file.name, file.data)
        else:
            with tarfile.open(fileobj=archive, mode="w:gz" if how == ".tar.gz" else "w") as tarred:
                info = tarfile.TarInfo(file.name)
                info.size = len(file.data)
                tarred.addfile(info, io.BytesIO(file.data))
        data = archive.getvalue()
    return replace(file, kind=f"{file.kind}, {how}", name=name, data=data, mark="")


def _damaged(dice: random.Random, file: Fuzzed) -> Fuzzed:
    """Cut off, with bytes changed, or noise through and through."""
    data, how = bytearray(file.data), dice.choice(("cut", "cut", "changed", "changed", "noise", "mark inside"))
    if how == "cut":
        data = data[: dice.randrange(len(data) + 1)]
    elif how == "noise":
        data = bytearray(dice.randbytes(dice.randint(0, 300)))
    elif how == "mark inside":
        data[dice.randrange(len(data)) : 0] = dice.choice(
            (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\0", b'"', b"$$$$\n")
        )
    for _ in range(dice.randint(1, 5) if how == "changed" else 0):
        place = dice.randrange(len(data))
        data[place : place + dice.randint(0, 2)] = dice.choice(
            (b"", b"\0", b'"', b"\n", b"\r", b",", b"\t", b";", b" ", b"\xff", dice.randbytes(1), dice.randbytes(3))
        )
    return replace(file, kind=f"{file.kind}, {how}", data=bytes(data), outcome="either")
