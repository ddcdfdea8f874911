"""A REINVENT 4 file (staged learning or scoring) as a campaign of chemmara.

Source: reinvent/runmodes/RL/validation.py (keys and defaults), run_staged_learning.py and memories/ of
github.com/MolecularAI/REINVENT4.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chemmara import config
from chemmara.campaign.reinvent_objective import converted_objective
from chemmara.campaign.reinvent_start import converted_parts, file_beside
from chemmara.campaign.reinvent_transforms import as_key, number
from chemmara.campaign.settings import CampaignConfig
from chemmara.errors import ChemmaraError

_STEPLESS: Final = {
    "max_score": "a campaign ends with its budget, not at a mean score",
    "min_steps": "a campaign ends with its budget",
    "termination": "a campaign ends with its budget",
    "chkpt_file": "`chemmara resume` needs none, and the trained policy is in policy/ of the run",
}
_PARAMETERS: Final = {
    "prior_file": 'REINVENT\'s models are pickles, which chemmara does not open; prior = "chembl-gru" was taken',
    "agent_file": "a campaign begins with its prior; `chemmara pretrain --from` makes another one",
    "use_checkpoint": "`chemmara resume` always goes on with the diversity filter",
    "summary_csv_prefix": "a run's tables have fixed names in its folder",
    "tb_isim": "`chemmara run --tensorboard` logs the run's own figures",
    "unique_sequences": "repeats of a molecule are dealt with by method.repeats",
    "randomize_smiles": "the policy learns from SMILES as they were sampled",
    "temperature": "campaigns sample at temperature 1",
}
_TOP: Final = {
    "tb_logdir": "use `chemmara run --tensorboard`",
    "json_out_config": "a run's folder has its settings in campaign.json",
    "intrinsic_penalty": "method.diversity_filter is the only penalty for what was seen before",
    "responder": "use `chemmara watch` or --tensorboard",
}
_READ: Final = {"run_type", "parameters", "learning_strategy", "diversity_filter", "inception", "stage", "scoring",
                "device"}  # fmt: skip


@dataclass(frozen=True)
class Conversion:
    """What became of a file."""

    settings: dict[str, Any]
    """The tables of a campaign's file."""
    notes: list[str]
    """What was left out or is not quite the same: one line each."""


def from_reinvent(path: Path) -> Conversion:
    """The campaign of a REINVENT 4 TOML file: staged learning (its first stage), scoring, or components alone.

    Raises:
        ChemmaraError: the file cannot be read, is of another run type, or none of its components can be converted.
    """
    tables = config.read_toml(path)
    kind = tables.get("run_type", "staged_learning" if "stage" in tables else "scoring")
    if kind not in ("staged_learning", "scoring"):
        raise ChemmaraError(f"{path}: run_type is {kind!r}; staged_learning and scoring can be converted")
    notes = [f"{key} was left out; {_TOP.get(key, 'it is not known here')}"
             for key in tables if key not in _READ | {"component", "type"}]  # fmt: skip
    stages = tables.get("stage", [])
    learning = kind == "staged_learning"
    stage = stages[0] if learning and isinstance(stages, list) and stages and isinstance(stages[0], dict) else {}
    own = {"type": "geometric_mean"} | {key: tables[key] for key in ("type", "component") if key in tables}
    scoring = stage.get("scoring") if learning else tables.get("scoring", own)
    if not isinstance(scoring, dict):
        raise ChemmaraError(f"{path}: has no {'[stage.scoring]' if learning else '[scoring]'}")
    settings: dict[str, Any] = {"prior": "chembl-gru"}
    try:
        if learning:
            settings |= _learning(tables, stage, path.parent, notes)
        settings["objective"], more = converted_objective(scoring, path.parent)
    except ChemmaraError as error:
        raise ChemmaraError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None
    if learning:
        notes += [f"stage {place} was left out; only the first stage was converted"
                  for place in range(2, len(stages) + 1)]  # fmt: skip
    else:
        notes += [f"parameters.{key} was left out; `chemmara score` takes files as its arguments"
                  for key in _section(tables, "parameters")]  # fmt: skip
    config.parse(CampaignConfig, settings, source=f"{path}, converted")
    return Conversion(settings, notes + more)


def _section(tables: dict[str, Any], name: str) -> dict[str, Any]:
    section = tables.get(name, {})
    if not isinstance(section, dict):
        raise ChemmaraError(f"{name} should be a table")
    return section


def _learning(tables: dict[str, Any], stage: dict[str, Any], folder: Path, notes: list[str]) -> dict[str, Any]:
    """Budget, device, start and method of a staged-learning file; adds to the notes."""
    parameters, strategy = _section(tables, "parameters"), _section(tables, "learning_strategy")
    known = {"max_steps", "scoring", "diversity_filter"}
    notes += [f"stage.{key} was left out; {_STEPLESS.get(key, 'it is not known here')}"
              for key in stage if key not in known]  # fmt: skip
    notes += [f"parameters.{key} was left out; {_PARAMETERS.get(key, 'it is not known here')}"
              for key in parameters
              if key not in ("batch_size", "smiles_file") and not _default(parameters, key)]  # fmt: skip
    rows, steps = int(number(parameters, "batch_size", 100)), int(number(stage, "max_steps"))
    notes.append(f"max_steps = {steps} of {rows} molecules became budget = {steps * rows}, which counts different valid"
                 " molecules")  # fmt: skip
    settings: dict[str, Any] = {"budget": steps * rows}
    if (sigma := number(strategy, "sigma", 128)) <= 0:
        raise ChemmaraError(f"learning_strategy.sigma = {sigma:g}; it has to be above 0")
    if isinstance(device := tables.get("device"), str):
        settings["device"] = device
    if strategy.get("type", "dap") != "dap":
        notes.append(f"learning_strategy.type = {strategy['type']!r} was left out; REINVENT's dap was taken")
    notes += [f"learning_strategy.{key} was left out; it is not known here"
              for key in strategy if key not in ("type", "sigma", "rate")]  # fmt: skip
    method: dict[str, Any] = {
        "name": "reinvent",
        "batch_size": rows,
        "beta": 1 / sigma,
        "learning_rate": number(strategy, "rate", 1e-4),
    }
    method |= _filter(_section(tables, "diversity_filter") or _section(stage, "diversity_filter"), notes)
    replay, start = _inception(tables, folder, notes)
    if "smiles_file" in parameters:
        parts, note = converted_parts(parameters["smiles_file"], folder)
        start |= parts
        notes.append(note)
    return {**settings, **({"start": start} if start else {}), "method": {**method, "replay": replay}}


def _default(parameters: dict[str, Any], key: str) -> bool:
    """Whether a parameter says what chemmara does anyway."""
    same = {"agent_file": parameters.get("prior_file"), "purge_memories": parameters.get("purge_memories"),
            "temperature": 1, "isomeric_smiles": False, "tb_isim": False, "use_checkpoint": False}  # fmt: skip
    return key in same and parameters[key] == same[key]


def _filter(table: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The method's diversity_filter and repeats; REINVENT gives repeats within a batch nothing in any case."""
    kind = str(table.get("type", ""))
    if not table:
        return {"repeats": "once-a-step", "diversity_filter": False}
    if as_key(kind) == "penalizesamesmiles":
        factor = number(table, "penalty_multiplier", 0.5)
        if factor != 0:
            notes.append(f"diversity_filter.penalty_multiplier = {factor:g} became 0: a repeat earns nothing here")
        return {"repeats": "nothing", "diversity_filter": False}
    if as_key(kind) != "identicalmurckoscaffold":
        notes.append(f"diversity_filter.type = {kind!r} became the filter by Bemis-Murcko scaffold, the nearest one"
                     ' here; kind = "sphere" counts similar molecules instead')  # fmt: skip
    bucket, least = int(number(table, "bucket_size", 25)), number(table, "minscore", 0.4)
    return {"repeats": "nothing", "diversity_filter": {"kind": "scaffold", "bucket": bucket, "min_score": least}}


def _inception(tables: dict[str, Any], folder: Path, notes: list[str]) -> tuple[Any, dict[str, Any]]:
    """The method's replay, and the start's seeds, which the molecules of inception are."""
    if "inception" not in tables:
        return False, {}
    inception = _section(tables, "inception")
    notes += [f"inception.{key} was left out; the replay keeps a molecule once anyway"
              for key in inception if key not in ("smiles_file", "memory_size", "sample_size")]  # fmt: skip
    capacity, joined = int(number(inception, "memory_size", 50)), int(number(inception, "sample_size", 10))
    start: dict[str, Any] = {}
    if name := inception.get("smiles_file"):
        if (place := file_beside(str(name), folder)) is None:
            notes.append(f"inception.smiles_file = {str(name)!r} was left out: the file is not there")
        else:
            start = {"seeds": str(place.resolve())}
            notes.append("inception.smiles_file became start.seeds, which are measured out of the budget")
    return {"keep": "best", "capacity": capacity, "joined": joined, "rounds": 0}, start
