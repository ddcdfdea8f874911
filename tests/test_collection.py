"""The tests have the same names whenever they are collected: workers that disagree about them run none."""

import time

import pytest


@pytest.mark.parametrize("data", [time.time_ns().to_bytes(8, "big"), b"x.smi"])
def test_bytes_are_named_after_their_argument(request: pytest.FixtureRequest, data: bytes) -> None:
    """gzip and zip write the time into what they pack: two workers that collect in two seconds would disagree."""
    assert request.node.name == f"test_bytes_are_named_after_their_argument[data{int(data == b'x.smi')}]"
