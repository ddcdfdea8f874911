"""The catalogue: fetched files are the real ones, or nothing is left behind."""

import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from chemmara.errors import ChemmaraError
from chemmara.pretraining.catalogue import DataSet, catalogue, fetch, find

DATA = b"CCO\n" * 1000


def entry(**changes: object) -> DataSet:
    base = {
        "title": "x",
        "file": "x.smi",
        "licence": "-",
        "columns": ("smiles",),
        "citation": "-",
        "url": "https://x.invalid/x",
    }
    return DataSet.model_validate({**base, "sha256": sha256(DATA).hexdigest(), **changes})


@pytest.fixture
def server() -> Iterator[str]:
    """Address of a file on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/x" else 404)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA)

        def log_message(self, *_: object) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


def test_every_entry_is_sound() -> None:
    known = catalogue()
    assert {"zinc250k", "chembl", "moses", "guacamol"} <= set(known)
    assert find("zinc250k").sha256 is not None
    with pytest.raises(ChemmaraError, match="did you mean 'zinc250k'"):
        find("zink250k")


def test_a_download_is_verified(tmp_path: Path, server: str) -> None:
    heard: list[tuple[int, int]] = []
    real = entry().model_copy(update={"url": f"{server}/x"})
    assert fetch(real, tmp_path / "x.smi", tell=lambda *done: heard.append(done)) == real.sha256
    assert (tmp_path / "x.smi").read_bytes() == DATA
    assert heard[-1] == (len(DATA), len(DATA))


def test_a_local_copy_is_verified_alike(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(DATA)
    fetch(entry(), tmp_path / "x.smi", source=tmp_path / "mine")
    assert (tmp_path / "x.smi").read_bytes() == DATA


def test_a_wrong_checksum_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(DATA + b"!")
    with pytest.raises(ChemmaraError, match=r"has sha256 .*, the catalogue says"):
        fetch(entry(), tmp_path / "out" / "x.smi", source=tmp_path / "mine")
    assert list((tmp_path / "out").iterdir()) == []


def test_failures_are_told_in_one_line_and_an_old_file_stays(tmp_path: Path, server: str) -> None:
    (tmp_path / "x.smi").write_text("old")
    with pytest.raises(ChemmaraError, match="download failed"):
        fetch(entry().model_copy(update={"url": f"{server}/nothing"}), tmp_path / "x.smi")
    with pytest.raises(ChemmaraError, match="cannot be read"):
        fetch(entry(), tmp_path / "x.smi", source=tmp_path / "nowhere")
    assert (tmp_path / "x.smi").read_text() == "old"


def test_without_a_known_checksum_the_user_has_to_allow_it(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(DATA)
    with pytest.raises(ChemmaraError, match="--accept-unverified"):
        fetch(entry(sha256=None), tmp_path / "x.smi", source=tmp_path / "mine")
    found = fetch(entry(sha256=None), tmp_path / "x.smi", source=tmp_path / "mine", accept_unverified=True)
    assert found == sha256(DATA).hexdigest()


def test_the_real_zinc250k_fits_its_checksum(tmp_path: Path, shared: Path) -> None:
    fetch(find("zinc250k"), tmp_path / "z", source=shared / "data" / "train" / "zinc250k.txt.tar.gz")
