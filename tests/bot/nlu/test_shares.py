"""Work in shares gives what it gives one after the other."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from bot.nlu.shares import in_shares, processors


def test_results_keep_the_order_of_the_pieces() -> None:
    pieces = [np.full((40, 40), float(number), dtype=np.float32) for number in range(50)]
    found = in_shares(lambda piece: float((piece @ piece).sum()), pieces)
    assert found == [float((piece @ piece).sum()) for piece in pieces]


def test_linear_algebra_has_one_thread_meanwhile() -> None:
    seen = in_shares(lambda _: [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"], [0])
    assert seen[0]
    assert set(seen[0]) == {1}


def test_as_many_threads_as_the_environment_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert processors() == 1
    assert len(set(in_shares(lambda _: threading.get_ident(), range(20)))) == 1


def test_an_error_is_not_lost() -> None:
    with pytest.raises(ZeroDivisionError):
        in_shares(lambda piece: 1 / piece, [1, 0])
