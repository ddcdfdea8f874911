"""--out and stdout: links, pipes, devices, modes, full disks and readers that leave; in real processes."""

import gzip
import os
import resource
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chemmara.errors import ChemmaraError
from chemmara.system.files import replacing, write_text
from cli.main import app
from tests.support.processes import ran

BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
ROOT = Path(__file__).parents[2]
SCORE = ["score", "LIBRARY", "--task", "qed"]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library.csv"
    path.write_text("name,smiles\na,CCO\nb,c1ccccc1O\n")
    return path


def test_a_link_is_written_through_and_stays_a_link(library: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for target in (tmp_path / "elsewhere" / "old.csv", tmp_path / "elsewhere" / "new.csv"):
        link = tmp_path / f"link-{target.name}"
        link.symlink_to(target)
        result = CliRunner().invoke(app, ["score", str(library), "--task", "qed", "--out", str(link)])
        assert result.exit_code == 0, result.output
        assert link.is_symlink()
        assert target.read_text().startswith("name,smiles,total")
    assert not list(tmp_path.rglob("*.partial"))


def test_a_stdout_that_cannot_show_a_curve_shows_escapes_and_loses_nothing() -> None:
    command = [sys.executable, "-m", "cli.main", "oracle", "transforms"]
    done = subprocess.run(
        command, cwd=ROOT, env=BUFFERED | {"PYTHONIOENCODING": "cp1252"}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"|\\u2588\\u2584 |" in done.stdout


@pytest.mark.parametrize("out", ["-", "/dev/stdout"])
def test_a_dash_and_dev_stdout_are_stdout(out: str, library: Path, tiny_prior: Path) -> None:
    assert ran("score", library, "--task", "qed", "--out", out).stdout == ran("score", library, "--task", "qed").stdout
    assert len(ran("sample", tiny_prior, "-n", 3, "--out", out).stdout.splitlines()) == 3


def test_a_pipe_is_written_to_and_stays_a_pipe(library: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert ran("score", library, "--task", "qed", "--out", pipe).returncode == 0
    reader.join(10)
    assert read[0].startswith("name,smiles,total")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("mask", [0o022, 0o027])
def test_the_modes_of_new_files_follow_the_umask(mask: int, library: Path, campaign_file: Path, tmp_path: Path) -> None:
    assert (
        ran("score", library, "--task", "qed", "--out", tmp_path / "o" / "..", before=lambda: os.umask(mask)).returncode
        == 2
    )
    assert (
        ran("score", library, "--task", "qed", "--out", tmp_path / "out.csv", before=lambda: os.umask(mask)).returncode
        == 0
    )
    run = ran("run", campaign_file, "--out", tmp_path / "run", "--budget", 20, before=lambda: os.umask(mask))
    assert run.returncode == 0, run.stderr
    files = [tmp_path / "out.csv", *(path for path in (tmp_path / "run").rglob("*") if path.is_file())]
    assert {path.suffix for path in files} >= {".csv", ".safetensors", ".sqlite", ".html", ".json"}
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
        path.name: oct(0o666 & ~mask) for path in files
    }


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "x").touch(0o640)
    (tmp_path / "x").chmod(0o640)
    write_text(tmp_path / "x", "new")
    assert (stat.S_IMODE((tmp_path / "x").stat().st_mode), (tmp_path / "x").read_text()) == (0o640, "new")


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("x.xlsx", ".xlsx files are not written; use .csv, .tsv, .parquet, .sdf, .smi or .csv.gz"),
        ("none/x.csv", "does not exist; make it first"),
        ("folder", "is a folder; name a file"),
        ("folder.csv", "is a folder; name a file"),
        ("library.csv", "is the library that is read"),
        ("link.csv", "is the library that is read"),
        ("n" * 300 + ".csv", "cannot write there"),
        ("circle.csv", "cannot write there"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_computed(
    out: str, words: str, library: Path, tmp_path: Path, tiny_prior: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("folder", "folder.csv"):
        (tmp_path / folder).mkdir()
    (tmp_path / "link.csv").symlink_to(library)
    (tmp_path / "circle.csv").symlink_to(tmp_path / "circle.csv")
    before = library.read_bytes()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was computed")

    monkeypatch.setattr("chemmara.molecules.library.open_library", never)
    monkeypatch.setattr("chemmara.language_model.checkpoint.load_prior", never)
    commands = [["score", str(library), "--task", "qed"], ["likelihood", str(tiny_prior), str(library)]]
    if "library" not in words:
        commands.append(["sample", str(tiny_prior), "-n", "3"])
    for command in commands:
        result = CliRunner().invoke(app, [*command, "--out", str(tmp_path / out)])
        assert result.exit_code == 2, result.output
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert library.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_is_one_line(library: Path, tiny_prior: Path) -> None:
    for arguments in (["score", library, "--task", "qed"], ["sample", tiny_prior, "-n", 3], ["diversity", library]):
        with Path("/dev/full").open("w") as full:
            result = ran(*arguments, stdout=full)
        assert (result.returncode, result.stderr) == (2, "error: stdout: cannot be written (No space left on device)\n")
    result = ran("score", library, "--task", "qed", "--out", "/dev/full")
    assert result.returncode == 2
    assert result.stderr.startswith("error: /dev/full: cannot be written (No space left on device)")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet", ".sdf", ".smi"])
def test_what_was_there_stays_where_the_disk_is_full(suffix: str, tmp_path: Path, drugs: dict[str, str]) -> None:
    library, out = tmp_path / "library.smi", tmp_path / f"out{suffix}"
    library.write_text("".join(f"{smiles}{'C' * n} {n}\n" for n in range(150) for smiles in drugs.values()))
    out.write_text("old")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # noqa: E731 - the kernel's word: file too large
    result = ran("score", library, "--task", "qed", "--out", out, before=limit)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr
    assert "cannot be written (File too large)" in result.stderr
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library.smi", out.name]


def test_a_prior_that_does_not_fit_on_the_disk_leaves_the_old_one(tmp_path: Path) -> None:
    code = (
        "import resource, sys, numpy; from pathlib import Path; from safetensors.numpy import save_file\n"
        "from chemmara.system.files import replacing; from chemmara.errors import ChemmaraError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        f"    with replacing(Path({str(tmp_path / 'w')!r})) as to: save_file({{'a': numpy.zeros(9999)}}, to)\n"
        "except ChemmaraError as error: print(error)"
    )
    (tmp_path / "w").write_text("old")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{tmp_path / 'w'}: cannot be written (File too large)"
    assert (tmp_path / "w").read_text() == "old"


def test_a_bug_inside_the_block_goes_its_way_and_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    with pytest.raises(ConnectionResetError), replacing(tmp_path / "x"):
        raise ConnectionResetError
    with pytest.raises(ChemmaraError, match="does not exist; make it first"), replacing(tmp_path / "none" / "x"):
        pass
    assert (tmp_path / "x").read_text() == "old"


@pytest.mark.parametrize(
    "command", [["sample", "PRIOR", "-n", "30000", "--batch-size", "256"], SCORE, ["diversity", "LIBRARY"]]
)
def test_a_reader_that_leaves_ends_the_command_without_a_word(
    command: list[str], library: Path, tiny_prior: Path
) -> None:
    library.write_text("name,smiles\n" + "a,CCO\n" * 9000)
    words = {"PRIOR": str(tiny_prior), "LIBRARY": str(library)}
    arguments = [sys.executable, "-m", "cli.main", *(words.get(word, word) for word in command)]
    with subprocess.Popen(
        arguments, cwd=ROOT, env=BUFFERED, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if command[0] != "diversity":
            assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 141


def test_a_named_pipe_whose_reader_leaves_ends_it_too(library: Path, tmp_path: Path) -> None:
    library.write_text("name,smiles\n" + "a,CCO\n" * 9000)
    os.mkfifo(tmp_path / "pipe")
    command = [
        sys.executable,
        "-m",
        "cli.main",
        "score",
        str(library),
        "--task",
        "qed",
        "--out",
        str(tmp_path / "pipe"),
    ]
    with subprocess.Popen(command, cwd=ROOT, env=BUFFERED, stderr=subprocess.PIPE, text=True) as process:
        with (tmp_path / "pipe").open() as pipe:
            assert pipe.readline().startswith("name,smiles,total")
        assert process.stderr is not None
        assert (process.stderr.read(), process.wait(60)) == ("", 141)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet", ".sdf", ".smi"])
def test_score_and_sample_write_what_the_name_says_and_read_it_again(
    suffix: str, library: Path, tmp_path: Path, tiny_prior: Path
) -> None:
    scored, sampled = tmp_path / f"scored{suffix}", tmp_path / f"sampled{suffix}"
    for arguments in (
        ["score", str(library), "--task", "qed", "--out", str(scored)],
        ["sample", str(tiny_prior), "-n", "5", "--valid", "--nll", "--out", str(sampled)],
        ["score", str(scored), "--task", "qed"],
        ["score", str(sampled), "--task", "qed"],
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
    first = {".csv": b"name,smiles,total", ".tsv": b"name\tsmiles\ttotal", ".csv.gz": b"\x1f\x8b", ".parquet": b"PAR1",
             ".sdf": b"a\n", ".smi": b"CCO a\n"}[suffix]  # fmt: skip
    assert scored.read_bytes().startswith(first)
    if suffix == ".csv.gz":
        assert gzip.decompress(scored.read_bytes()).startswith(b"name,smiles,total")
