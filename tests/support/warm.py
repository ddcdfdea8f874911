"""A `chemmara` that is already started: what every command would import is imported once for many.

A server imports the program's libraries and waits at a socket. A small `chemmara` sends its arguments, folder,
environment and streams there; a fork of the server runs the program itself (cli.main) with them. Torch and its like
cost three seconds of a processor at each start, which the pages of the documentation pay once, not a hundred times.
"""

import gc
import importlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from chemmara.cli.main import app

_PROGRAM = f"""#!{sys.executable} -SE
import os, signal, socket, sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect(os.path.join(os.path.dirname(__file__), "socket"))
given = [os.getcwd(), *(f"{{name}}={{value}}" for name, value in os.environ.items()), "", *sys.argv]
socket.send_fds(server, ["\\0".join(given).encode(errors="surrogateescape")], [0, 1, 2])
process = int(server.recv(16))
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(process, number))
sys.exit(int(server.recv(16)))
"""
_LARGEST = 1 << 20  # bytes of a command with its environment
_IMPORTED = ("torch", "pandas", "sklearn.ensemble", "chemmara.campaign.start", "chemmara.report.page")


@contextmanager
def warm_program() -> Iterator[str]:
    """A folder for PATH: until the end, the `chemmara` in it runs in a fork of a process that has one thread."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "chemmara"
        program.write_text(_PROGRAM, encoding="utf-8")
        program.chmod(0o755)
        start = [sys.executable, "-m", "tests.support.warm", name]
        surroundings = {"HOME": name, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with subprocess.Popen(start, cwd=Path(__file__).parents[2], env=surroundings) as server:
            try:
                while not (folder / "socket").exists():
                    assert server.poll() is None
                    time.sleep(0.02)
                yield name
            finally:
                server.terminate()


def _serve(folder: Path) -> None:
    """Answer each command that comes, in a fork."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(folder / "starting"))
        listening.listen()
        (folder / "starting").rename(folder / "socket")
        while True:
            asking, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(asking)
            asking.close()


def _answer(asking: socket.socket) -> None:
    """Run the program in a fork; send the number of its process, and its exit code once it has ended."""
    given, streams, *_ = socket.recv_fds(asking, _LARGEST, 3)
    child = os.fork()
    if child == 0:
        asking.close()
        _become(given.decode(errors="surrogateescape").split("\0"), streams)
    asking.send(str(child).encode())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    asking.send(str(code if code >= 0 else 128 - code).encode())
    os._exit(0)


def _become(given: list[str], streams: list[int]) -> None:
    """Run the program with these streams, folder, environment and arguments, and end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    end = given.index("")
    os.chdir(given[0])
    os.environ.clear()
    os.environ.update(pair.split("=", 1) for pair in given[1:end])
    sys.argv[:] = given[end + 1 :]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    sys.modules["__main__"] = ModuleType("__main__")  # of which a worker process would import this file
    app()


if __name__ == "__main__":
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # a collection in a fork would copy all that is imported
    _serve(Path(sys.argv[1]))
