"""Settings files changed at random."""

import random
import re
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
SOURCES = (DATA / "template.toml", *sorted(DATA.glob("campaigns/*.toml")), *sorted(DATA.glob("objectives/*.toml")))
ODD_VALUES = (
    "nan", "inf", "-inf", "1e308", "-1", "0", "0.5", "99999999999999999999999", "9" * 5000, '"text"', '""', "true",
    "[]", "{}", '[1, "a"]', "1979-05-27", "1979-13-99",
    '"\\u0000"', '"\\ud800"', '"\xfc\u4e2d\U0001f600"', '"""two\nlines"""', "'", '"open',
    "[" * 3000, "{ a = { b = 1 } }", '"../../etc"', "0x10", "1_000", "+5", "07", "[nan]",
    '{ kind = "ramp", worst = 1.0, best = 1.0 }',
)  # fmt: skip
_SETTING = re.compile(r"^# (\w+ = |\[)")  # one that stands in a comment
_VALUE = re.compile(r"(?P<key>\w+) *= *(?P<value>[^\s,{}=#]+|\{[^{}]*\})")
MILD_VALUES = (
    "0.3",
    "1",
    "2",
    "7",
    "100",
    "1e-3",
    "true",
    "false",
    '"qed"',
    '"mean"',
    '"ramp"',
    '"mara"',
    '["CCO"]',
    '"CCO"',
)
ODD_LINES = (
    "[method]", "[[objective.component]]", "[[component]]", "[objective.component]", "budget = 10", "a.b.c = 1",
    '"" = 1', "= 1", "[", "]", "[[[x]]]", "\x00",
    "\ufeff", "key", 'aggregation = "mean"', "component = []", "objective = 1",
)  # fmt: skip


def fuzzed_settings(seed: int, prior: Path) -> tuple[str, bytes]:
    """The name and content of the settings file of a seed; its prior is the given one."""
    dice = random.Random(seed)
    source = dice.choice(SOURCES)
    lines = source.read_text(encoding="utf-8").replace("chembl-gru", str(prior)).split("\n")
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        _change(dice, lines)
    data = "\n".join(lines).encode(dice.choice(("utf-8",) * 20 + ("utf-8-sig", "utf-16")), "surrogatepass")
    chance = dice.random()
    if chance < 0.05:
        data = data[: dice.randrange(len(data))]
    elif chance < 0.1:
        place = dice.randrange(len(data))
        data = data[:place] + dice.randbytes(dice.randint(1, 3)) + data[place:]
    return source.stem, data


def _change(dice: random.Random, lines: list[str]) -> None:
    """One line less, twice, elsewhere, new, or with another key or value."""
    place = dice.choice([i for i, line in enumerate(lines) if line and not line.startswith("#")] or [0])
    line = lines[place]
    how = dice.choice(("delete", "twice", "move", "new", "value", "value", "value", "key", "uncomment"))
    if how == "delete":
        del lines[place]
    elif how == "twice":
        lines.insert(place, line)
    elif how == "move":
        lines.insert(dice.randrange(len(lines)), lines.pop(place))
    elif how == "new":
        lines.insert(place, dice.choice(ODD_LINES))
    elif how == "uncomment":
        lines[:] = [_SETTING.sub(r"\1", line) if dice.random() < 0.5 else line for line in lines]
    elif found := list(_VALUE.finditer(line)):
        part = dice.choice(found)
        value = dice.choice(dice.choice((MILD_VALUES, ODD_VALUES)))
        changed = f"{part['key']}x = {part['value']}" if how == "key" else f"{part['key']} = {value}"
        lines[place] = line[: part.start()] + changed + line[part.end() :]
