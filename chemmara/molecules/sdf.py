"""SD files: structures with tags."""

import io
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from rdkit import rdBase
from rdkit.Chem import ForwardSDMolSupplier, MolFromMolBlock

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical
from chemmara.molecules.headers import Row
from chemmara.molecules.quiet import QUIET

_COUNTS_LINE: Final = re.compile(r"[ \d]{6}.*V[23]000\s*$")
_HEADER_BLOCK: Final = 4  # lines: title, program, comment, counts
_END: Final = "M  END"
_TAG: Final = re.compile(r">[^<]*<(.*)>")  # > 25 <MELTING.POINT> (MD-0894)
_STAMP: Final = re.compile(r"^\[[\d:]+\] (ERROR: )?")  # before RDKit's messages
_VIOLATION: Final = re.compile(r"\**$|.*(Violation|Range Error)$")  # what RDKit writes before an assertion's message


def is_sdf(lines: list[str]) -> bool:
    """Whether the first lines of a file are those of a structure: its counts, or else what ends it."""
    counts = lines[_HEADER_BLOCK - 1] if len(lines) >= _HEADER_BLOCK else ""
    return bool(_COUNTS_LINE.match(counts)) or any(line.startswith((_END, "$$$$")) for line in lines)


@dataclass(frozen=True)
class Survey:
    """What all records of an SD file have."""

    titled: bool  # whether any has a title
    columns: dict[str, str]  # tag, in the order of their first appearance, to its column

    def names(self) -> list[str]:
        """Names of the columns."""
        return ["smiles", *(["name"] if self.titled else []), *self.columns.values()]


def survey(source: str, lines: Iterator[str]) -> Survey:
    """The columns of an SD file: all its tags; one that is called like a column of ours becomes `smiles (tag)`.

    ChemmaraError for a file that has records, but no structure.
    """
    tags: dict[str, None] = {}
    records = structures = 0
    titled = False
    for record in _records(lines):
        block, values = _parts(record)
        tags.update(dict.fromkeys(values))
        titled = titled or bool(_title(block))
        records, structures = records + 1, structures + is_sdf(block)
    if records and not structures:
        raise ChemmaraError(f"{source}: not an SD file (it holds no structure)")
    taken = {"smiles", *(["name"] if titled else [])}
    return Survey(titled, {tag: _free(f"{tag} (tag)", taken | tags.keys()) if tag in taken else tag for tag in tags})


def sdf(lines: Iterator[str], found: Survey) -> Iterator[Row]:
    """Rows of an SD file, the names of its columns first: canonical SMILES, title and tags, all text as it stands.

    A record that cannot be read has no SMILES, but a reason, and keeps the rest.
    """
    yield found.names(), ""
    for record in _records(lines):
        block, values = _parts(record)
        smiles, reason = _structure("\n".join(block))
        title = [_title(block)] if found.titled else []
        yield [smiles, *title, *(values.get(tag, "") for tag in found.columns)], reason


def _records(lines: Iterator[str]) -> Iterator[list[str]]:
    """Lines of each record, which ends by $$$$; blank lines after the last one are none."""
    record: list[str] = []
    for line in lines:
        if line.startswith("$$$$"):
            yield record
            record = []
        else:
            record.append(line.rstrip("\n"))
    if any(line.strip() for line in record):
        yield record


def _parts(record: list[str]) -> tuple[list[str], dict[str, str]]:
    """The structure's lines, up to M  END or else to the first tag, and the tags."""
    block = list(takewhile(lambda line: not line.startswith(_END), record))
    if len(block) < len(record):
        return [*block, _END], _tags(record[len(block) + 1 :])
    block = [*record[:1], *takewhile(lambda line: not _TAG.match(line), record[1:])]
    return block, _tags(record[len(block) :])


def _tags(lines: list[str]) -> dict[str, str]:
    """Name to value, the lines of which a blank line ends; a tag that comes twice has the lines of both.

    A value may begin by ">". What follows a blank line and begins no tag still belongs to the value before it.
    """
    values: dict[str, list[str]] = {}
    name, inside = None, False
    blank: list[str] = []
    for line in lines:
        if not line.strip():
            blank, inside = [*blank, line], False
        elif line.startswith(">") and not inside:
            found = _TAG.match(line)
            name = found.group(1) if found else line.lstrip("> ").strip() or "tag"
            values.setdefault(name, [])
            blank, inside = [], True
        elif name is not None:
            values[name] += [*(blank if values[name] else []), line]
            blank = []
    return {name: "\n".join(value) for name, value in values.items()}


def _title(block: list[str]) -> str:
    return block[0].strip() if block else ""


def _free(name: str, taken: AbstractSet[str]) -> str:
    return name if name not in taken else _free(f"{name} (tag)", taken)


def _structure(block: str) -> tuple[str, str]:
    """Canonical SMILES of a structure and "", or "" and why it has none."""
    with QUIET:
        molecule = MolFromMolBlock(block)
    if molecule is None:
        return "", _why_unreadable(block)
    return (canonical(molecule), "") if molecule.GetNumAtoms() else ("", "the structure has no atoms")


def _why_unreadable(block: str) -> str:
    """RDKit's reason, on one line: only its reader of files tells it, and only its log."""
    with QUIET, rdBase.CaptureErrorLog() as log:
        next(ForwardSDMolSupplier(io.BytesIO(f"{block}\n".encode())), None)
    messages = (_STAMP.sub("", line).strip() for line in log.messages.splitlines())
    return next((message for message in messages if message and not _VIOLATION.match(message)), "not a structure")
