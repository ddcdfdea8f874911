"""The program in a process of its own, started from a fork of one that has imported what it needs.

A server imports the program's libraries and waits at a socket. A small `chemmara` sends its arguments, folder, umask,
largest file, environment and streams there; a fork of the server runs the program itself (cli.main) with them. Torch
and its like cost three seconds of a processor at each start, which all tests of a process pay once.
"""

import gc
import importlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

from chemmara.cli.main import app

ROOT = Path(__file__).parents[2]
_SMALL = f"""#!{sys.executable} -SE
import os, resource, signal, socket, sys

os.umask(mask := os.umask(0))
largest = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect(os.path.join(os.path.dirname(__file__), "socket"))
surroundings = [f"{{name}}={{value}}" for name, value in os.environ.items()]
given = [os.getcwd(), str(mask), str(largest), *surroundings, "", *sys.argv]
socket.send_fds(server, ["\\0".join(given).encode(errors="surrogateescape")], [0, 1, 2])
process = int(server.recv(16))
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(process, number))
with open(f"{{__file__}}-{{os.getpid()}}", "w") as known:
    known.write(str(process))
code = int(server.recv(16))
if code < 0:
    if code != -signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""
_FORKED = sys.platform == "linux"  # elsewhere a process that has imported torch is not to be forked
_LARGEST = 1 << 20  # bytes of a command with its environment
_IMPORTED = ("torch", "pandas", "sklearn.ensemble", "chemmara.campaign.start", "chemmara.report.page")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # so that the server may be forked


class Started(subprocess.Popen[str]):
    """The small `chemmara`: interrupts of it arrive at the program, and it ends as that does."""

    @property
    def program(self) -> int:
        """The number of the program's own process."""
        return int(Path(f"{warm_folder()}/chemmara-{self.pid}").read_text(encoding="utf-8")) if _FORKED else self.pid

    def kill(self) -> None:
        """End the program as `kill -9` does."""
        if self.poll() is None:
            os.kill(self.program, signal.SIGKILL)


def start(*arguments: object) -> Started:
    """The program with these arguments, in the project's folder, its output in pipes."""
    command = [f"{warm_folder()}/chemmara", *map(str, arguments)]
    return Started(command, cwd=ROOT, env=_surroundings(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ran(
    *arguments: object, before: Callable[[], object] | None = None, **streams: object
) -> "subprocess.CompletedProcess[str]":
    """What became of the program with these arguments, whose process did something `before`: to umask or limits."""
    command = [f"{warm_folder()}/chemmara", *map(str, arguments)]
    given: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.run(
        command, cwd=ROOT, env=_surroundings(), text=True, check=False, timeout=300, preexec_fn=before, **given
    )  # type: ignore[call-overload]


def start_alone(*arguments: object) -> "subprocess.Popen[str]":
    """As `start`, with nothing in common with any other process, and as the first of a group of processes."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *map(str, arguments)], cwd=ROOT, env=_surroundings(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def wait_until(true: Callable[[], bool], process: Started) -> None:
    """Until something is true of a program that goes on."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if true():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("it never came to that")


@cache
def warm_folder() -> str:
    """A folder for PATH: the `chemmara` in it is the one that is already started; off Linux, the real one."""
    if not _FORKED:
        return str(Path(sys.executable).parent)
    folder = Path(tempfile.mkdtemp())
    program = folder / "chemmara"
    program.write_text(_SMALL, encoding="utf-8")
    program.chmod(0o755)
    command = [sys.executable, "-m", __name__, folder, str(os.getpid())]
    subprocess.run(command, cwd=ROOT, env=_surroundings(), start_new_session=True, check=True)
    return str(folder)


def _surroundings() -> dict[str, str]:
    """The environment of every process here: as the tests', with one thread and with buffered output."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | _ONE_THREAD


def _serve(folder: Path, tests: int) -> None:
    """Return once the socket is there; answer each command that comes, in a fork, until the tests' process is gone."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(folder / "socket"))
        listening.listen()
        listening.settimeout(1)
        if os.fork():
            return
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while Path(f"/proc/{tests}").exists():
            try:
                asking, _ = listening.accept()
            except TimeoutError:
                continue
            if os.fork() == 0:
                listening.close()
                _answer(asking)
            asking.close()
    shutil.rmtree(folder)


def _answer(asking: socket.socket) -> None:
    """Run the program in a fork; send the number of its process, and its exit code once it has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asking.settimeout(None)
    given, streams, *_ = socket.recv_fds(asking, _LARGEST, 3)
    child = os.fork()
    if child == 0:
        asking.close()
        _become(given.decode(errors="surrogateescape").split("\0"), streams)
    for stream in streams:
        os.close(stream)
    asking.send(str(child).encode())
    asking.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    os._exit(0)


def _become(given: list[str], streams: list[int]) -> None:
    """Run the program with these streams, folder, umask, largest file, environment and arguments, and end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    end = given.index("")
    os.chdir(given[0])
    os.umask(int(given[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(given[2]), int(given[2])))
    os.environ.clear()
    os.environ.update(pair.split("=", 1) for pair in given[3:end])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # of tests in the background it is ignored
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and by nohup this
    sys.argv[:] = given[end + 1 :]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    sys.modules["__main__"] = ModuleType("__main__")  # of which a worker process would import this file
    app()


if __name__ == "__main__":
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # a collection in a fork would copy all that is imported
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
