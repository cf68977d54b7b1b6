"""Shares heavy numerical work among the processors.

Linear algebra in several threads speeds up its products only; what lies between them stays with one processor. Sharing
out whole pieces of the work, each with one thread for its products, keeps all of them busy: numpy and scipy let other
threads run meanwhile.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def processors() -> int:
    """As many as linear algebra may take in this process: one while serving, all while training."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def in_shares(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> list[Result]:
    """The result of ``work`` for each piece, in the order of the pieces."""
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(processors()) as pool:
        return list(pool.map(work, pieces))
