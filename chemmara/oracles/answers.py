"""What an external program printed, read strictly: each SMILES with its value, or values alone."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from math import inf, nan
from typing import Any, Literal

from chemmara.molecules.chem import canonical_smiles

Output = Literal["jsonl", "csv", "plain"]
_SHOWN = 60  # characters of a line that is quoted in an error


def values_of(printed: bytes, output: Output, smiles: Sequence[str]) -> list[float]:
    r"""One value for each SMILES, in order; NaN for one that was answered by null, or not at all.

    An answer may spell its molecule by another SMILES; plain values come in the order of the SMILES, a line each, which
    is empty or nan where there is none. ValueError says in words what is wrong with the output: nothing was printed, it
    is not UTF-8, a line is not what `output` promises, or no answer is for a molecule that was given.

    >>> values_of(b'{"smiles": "OCC", "value": 2}', "jsonl", ["CCO", "CCN"])
    [2.0, nan]
    >>> values_of(b"2\n\n", "plain", ["CCO", "CCN"])
    [2.0, nan]
    """
    try:
        text = printed.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"its output is not UTF-8 (byte {error.start + 1})") from None
    if output == "plain" and text:
        return _plain_lines(text, len(smiles))
    if not text.strip():
        raise ValueError("it printed nothing")
    answers = dict(_json_lines(text) if output == "jsonl" else _csv_rows(text))
    if not set(answers) >= set(smiles):
        answers = {canonical_smiles(text) or text: value for text, value in answers.items()} | answers
    canonical = {text: text if text in answers else canonical_smiles(text) or text for text in smiles}
    if answers and not any(text in answers for text in canonical.values()):
        raise ValueError(f"it answered for other molecules than it was given, such as {_quoted(next(iter(answers)))}")
    return [answers.get(canonical[text], nan) for text in smiles]


def _plain_lines(text: str, expected: int) -> list[float]:
    lines = text.splitlines()
    values = []
    for number, line in enumerate(lines, start=1):
        try:
            values.append(as_float(line) if line.strip() else nan)
        except ValueError:
            raise ValueError(f"line {number} of its output is no number: {_quoted(line)}") from None
    if len(lines) != expected:
        line, wrong = (expected, "one too many") if len(lines) > expected else (len(lines), "missing")
        wanted = "1 line was" if expected == 1 else f"{expected} lines were"
        raise ValueError(f"line {line + 1} of its output is {wrong}: {wanted} expected, one a molecule")
    return values


def _json_lines(text: str) -> Iterator[tuple[str, float]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            raise ValueError(f"line {number} of its output is no JSON: {_quoted(line)}") from None
        place = f"line {number} of its output"
        if type(row) in {int, float}:
            raise ValueError(f'{place} is a number alone: {_quoted(line)}; with output = "plain" it may be')
        yield _answer(row if isinstance(row, dict) else {}, place)


def _csv_rows(text: str) -> Iterator[tuple[str, float]]:
    reader = csv.DictReader(io.StringIO(text))
    names = reader.fieldnames or []
    if not {"smiles", "value"} <= set(names):
        raise ValueError(
            f"the first line of its output lacks the columns smiles and value: {_quoted(','.join(names))};"
            " a line smiles,value belongs there"
        )
    for number, row in enumerate(reader, start=2):
        yield _answer(row, f"line {number} of its output")


def _answer(row: dict[str, Any], place: str) -> tuple[str, float]:
    smiles, value = row.get("smiles"), row.get("value")
    if not isinstance(smiles, str) or "value" not in row:
        raise ValueError(f'{place} has no "smiles" with a "value": {_quoted(str(row))}')
    if value is None or value == "":
        return smiles, nan
    try:
        return smiles, as_float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{place}: the value is {_quoted(str(value))}, which is no number") from None


def as_float(value: Any) -> float:
    """A JSON or CSV value as a float, infinite beyond 1.8e308; TypeError or ValueError where it is no number.

    >>> as_float("0.5"), as_float(10**400)
    (0.5, inf)
    """
    try:
        return float(value)
    except OverflowError:  # of a whole number alone; text such as 1e400 is infinite without an error
        return inf if value > 0 else -inf


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
