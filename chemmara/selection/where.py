"""Conditions that a molecule meets to be taken: on the columns of its table, and on its properties."""

import operator
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rdkit.Chem import Mol

from chemmara.config import did_you_mean
from chemmara.errors import ChemmaraError
from chemmara.metrics.properties import PROPERTIES, property_of
from chemmara.selection.cells import number

Keeps = Callable[[int, Mol], bool]
"""Whether a row, counted from 0, may be taken; given its molecule, too."""

_CONDITION: Final = re.compile(
    r"\s*(?:\"(?P<quoted>[^\"]+)\"|(?P<name>[^<>=!]*[^<>=!\s]))\s*(?P<relation><=|>=|==|!=|<|>|=)\s*(?P<value>.*\S)\s*"
)
_RELATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "==": operator.eq,
    "!=": operator.ne,
}  # fmt: skip
_ORDERING: Final = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True)
class Condition:
    """NAME, a relation, and a number or a word: `molecular_weight <= 500`, `acid_domain = inside`.

    A name that holds a relation itself stands in double quotes: `"logD (pH=7.4)" < 3`.
    """

    name: str
    relation: str
    value: str

    @classmethod
    def read(cls, text: str) -> "Condition":
        """A condition as it was typed; ChemmaraError where it is none.

        >>> Condition.read("tpsa<=90"), Condition.read(" my id != x y ").name
        (Condition(name='tpsa', relation='<=', value='90'), 'my id')
        >>> Condition.read('"logD (pH=7.4)" < 3').name
        'logD (pH=7.4)'
        """
        found = _CONDITION.fullmatch(text)
        if found is None:
            raise ChemmaraError(f"--where {text!r}: write NAME, one of < <= > >= = !=, and a value, as 'tpsa <= 90'")
        condition = cls(found["quoted"] or found["name"], found["relation"], found["value"])
        if condition.value[0] in "<>=!" or condition.value.lower() == "nan":
            raise ChemmaraError(f"--where {text!r}: {condition.value!r} is no value; relations are < <= > >= = !=")
        if condition.is_numeric and number(condition.value) is None:
            raise ChemmaraError(f"--where {text!r}: {condition.value!r} is no number, which {condition.relation} needs")
        return condition

    @property
    def is_numeric(self) -> bool:
        """Whether it asks for more or less, which a number alone can be."""
        return self.relation in _ORDERING

    def holds(self, cell: object) -> bool:
        """Whether a cell meets it: by number where both are numbers, else as text; an empty cell meets none.

        >>> at_most = Condition.read("tpsa <= 90")
        >>> [at_most.holds(cell) for cell in (90, "12.5", "90.1", "", "low", float("nan"))]
        [True, True, False, False, False, False]
        >>> Condition.read("name != b").holds("a"), Condition.read("count = 2").holds("2.0")
        (True, True)
        """
        text, own, wanted = str(cell).strip(), number(cell), number(self.value)
        if not text or own != own:  # noqa: PLR0124 - NaN's mark
            return False
        if own is not None and wanted is not None:
            return _RELATIONS[self.relation](own, wanted)
        return self.relation in {"=", "==", "!="} and _RELATIONS[self.relation](text, self.value)


def keeping(
    conditions: Sequence[Condition], columns: Collection[str], cell: Callable[[int, str], object], source: str,
    *, anew: Collection[str] = (),
) -> Keeps:  # fmt: skip
    """What meets all conditions, each on a column of the table, or on a property, computed where no cell has it.

    Args:
        conditions: all of them are to hold; without any, every row does.
        columns: of the table.
        cell: the cell of a row in a column.
        source: of the table, for the message.
        anew: properties that are computed even where a column has them.

    Raises:
        ChemmaraError: a condition names neither a column nor a property.
    """
    for condition in conditions:
        if condition.name not in columns and condition.name not in PROPERTIES:
            known = [*columns, *(name for name in PROPERTIES if name not in columns)]
            raise ChemmaraError(f"{source}: --where: no column {condition.name!r}{did_you_mean(condition.name, known)}")
    ordered = sorted(conditions, key=lambda condition: condition.name in PROPERTIES)  # what may be computed comes last

    def value(name: str, row: int, molecule: Mol) -> object:
        found = "" if name not in columns or (name in anew and name in PROPERTIES) else cell(row, name)
        return property_of(name, molecule) if name in PROPERTIES and not str(found).strip() else found

    return lambda row, molecule: all(condition.holds(value(condition.name, row, molecule)) for condition in ordered)
