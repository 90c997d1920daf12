"""Descriptors that no other program inherits."""

from __future__ import annotations

import os

import pytest

from tradebot.plugins.process.descriptors import private


@pytest.mark.skipif(os.name != "posix", reason="Windows numbers them otherwise")
@pytest.mark.parametrize(("lowest", "least"), [(200, 200), (1 << 30, 3)], ids=["may be", "over the limit"])
def test_a_copy_is_inherited_by_nobody_and_high_where_that_may_be(lowest: int, least: int) -> None:
    read, write = os.pipe()
    copy = private(write, lowest)
    try:
        assert copy >= least
        assert not os.get_inheritable(copy)
        os.write(copy, b"x")
        assert os.read(read, 1) == b"x"
    finally:
        for descriptor in (read, write, copy):
            os.close(descriptor)
