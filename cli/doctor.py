"""`chemmara doctor`: what is installed, what is missing, and the command that installs it."""

import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final, Literal

import typer

from chemmara.errors import ChemmaraError

from .options import JsonInPlace
from .tables import print_json

_PRIOR: Final = "zinc250k-gru"
_SAMPLES: Final = 256  # about a second on one thread
_FEWEST_VALID: Final = 0.8  # share; the prior's card says .95
_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
_DOCKING_PROGRAMS: Final = ("vina", "smina", "gnina", "qvina2", "obabel", "mk_prepare_receptor.py")
_NEEDED: Final = (
    "typer",
    "torch",
    "rdkit",
    "selfies",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "pyarrow",
    "pydantic",
)
_FREE: Final = 1.0  # GB of a disk below which it is said


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    area: Literal["versions", "devices", "threads", "extras", "docking", "files", "sampling"]
    name: str
    state: Literal["ok", "missing", "broken"]  # missing: something optional; broken: chemmara does not work without
    value: str
    remedy: str = ""  # what to do about it; "" where there is nothing to do


def doctor(
    as_json: JsonInPlace = False,
) -> None:
    """Look at this installation: versions, devices, threads, extras, docking programs, folders; then sample a prior.

    What is optional and missing is shown with the command that installs it. Exit code 2 if something does not work
    that chemmara cannot do without. Nothing is downloaded, and nothing stays on disk. Add the output to a bug report.

    Example: chemmara doctor
    """
    found = [finding for look in _LOOKS for finding in look()]
    broken = [finding.name for finding in found if finding.state == "broken"]
    if as_json:
        print_json({"works": not broken, "findings": [asdict(finding) for finding in found]})
    else:
        _print(found)
    if broken:
        raise ChemmaraError(f"does not work: {', '.join(broken)}; what to do stands in the table")


def _print(found: list[Finding]) -> None:
    marks = {"ok": "ok", "missing": "--", "broken": "!!"}
    area = ""
    for finding in found:
        if finding.area != area:
            area = finding.area
            typer.echo(area)
        remedy = f"  -> {finding.remedy}" if finding.remedy else ""
        typer.echo(f"  {marks[finding.state]}  {finding.name:<24}{finding.value}{remedy}")


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "python", "ok", f"{platform.python_version()} ({sys.executable})")
    yield Finding("versions", "system", "ok", platform.platform())
    for name in ("chemmara", *_NEEDED):
        try:
            yield Finding("versions", name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding("versions", name, "broken", "not installed", f"pip install {name}")


def _devices() -> Iterator[Finding]:
    from chemmara.system.processors import processor_name, usable_cpus

    yield Finding("devices", "cpu", "ok", f"{usable_cpus()} usable, {processor_name()}")
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of the system's that torch lacks
        yield Finding(
            "devices", "torch", "broken", f"cannot be imported: {error}", "pip install --force-reinstall torch"
        )
        return
    for number in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(number).total_memory / 2**30
        yield Finding("devices", f"cuda:{number}", "ok", f"{torch.cuda.get_device_name(number)}, {memory:.0f} GiB")
    if not torch.cuda.is_available():
        cause = "torch is a build without CUDA" if torch.version.cuda is None else "no CUDA GPU that torch can use"
        yield Finding("devices", "cuda", "missing", cause)
    if torch.backends.mps.is_available():
        yield Finding("devices", "mps", "ok", "Apple GPU")


def _threads() -> Iterator[Finding]:
    from chemmara.system.processors import network_threads

    yield Finding("threads", "network", "ok", f"{network_threads(1)} for a campaign without scoring processes")
    for name in _THREAD_VARIABLES:
        yield Finding("threads", name, "ok", os.environ.get(name, "not set"))


def _extras() -> Iterator[Finding]:
    """The optional packages of pyproject.toml, from the metadata of the installed package."""
    packages: dict[str, list[str]] = {}
    for requirement in requires("chemmara") or ():
        name, extra = re.match(r"[\w.-]+", requirement), re.search(r"extra == ['\"]([\w-]+)['\"]", requirement)
        if name and extra and extra[1] != "dev":
            packages.setdefault(extra[1], []).append(name[0])
    for extra, names in packages.items():
        there = {name: _version_of(name) for name in names}
        missing = [name for name, found in there.items() if not found]
        words = ", ".join(f"{name} {found}" for name, found in there.items() if found)
        if missing:
            words = ", ".join(filter(None, (words, f"without {', '.join(missing)}")))
            yield Finding("extras", extra, "missing", words, f"pip install 'chemmara[{extra}]'")
        else:
            yield Finding("extras", extra, "ok", words)


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _docking() -> Iterator[Finding]:
    for name in _DOCKING_PROGRAMS:
        path = shutil.which(name)
        yield Finding(
            "docking", name, "ok" if path else "missing", path or "not on PATH (needed only by your own scripts)"
        )


def _files() -> Iterator[Finding]:
    from chemmara import assets

    priors = assets.priors()
    yield Finding("files", "bundled priors", "ok" if priors else "broken", ", ".join(priors) or "none",
                  "" if priors else "install chemmara again")  # fmt: skip
    yield _writable("working folder", Path.cwd, "choose another folder for --out")
    yield _writable("temporary folder", lambda: Path(tempfile.gettempdir()), "set TMPDIR to a folder with room")
    yield _writable("cache of figures", _matplotlib_cache, "set MPLCONFIGDIR to a folder that you may write in")


def _matplotlib_cache() -> Path:
    import matplotlib as mpl

    return Path(mpl.get_cachedir())


def _writable(name: str, place: Callable[[], Path], remedy: str) -> Finding:
    """Whether a file can be made in a folder, and how much room there is."""
    try:
        folder = place()
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"chemmara")
        free = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return Finding("files", name, "missing", f"cannot be written ({error.strerror or error})", remedy)
    if free < _FREE:
        return Finding("files", name, "missing", f"{folder}, only {free:.2f} GB free", remedy)
    return Finding("files", name, "ok", f"{folder}, {free:,.0f} GB free")


def _sampling() -> Iterator[Finding]:
    """A bundled prior on the CPU: its molecules must be as valid as its card says."""
    remedy = "see the versions above against constraints.txt"
    try:
        from chemmara.molecules.chem import canonical_smiles
        from chemmara.notebook import sample

        began = time.perf_counter()
        smiles = sample(_PRIOR, _SAMPLES, seed=1)
    except (ImportError, OSError, ChemmaraError) as error:
        yield Finding("sampling", _PRIOR, "broken", f"cannot be sampled: {error}", remedy)
        return
    seconds = time.perf_counter() - began
    valid = sum(canonical_smiles(text) is not None for text in smiles) / len(smiles)
    words = f"{len(smiles)} molecules in {seconds:.1f} s, {valid:.0%} valid"
    good = valid >= _FEWEST_VALID
    yield Finding("sampling", _PRIOR, "ok" if good else "broken", words, "" if good else remedy)


_LOOKS: Final = (_versions, _devices, _threads, _extras, _docking, _files, _sampling)
