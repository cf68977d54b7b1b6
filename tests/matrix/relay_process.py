"""The real relay in a process of its own that kills itself (SIGKILL) at a named point; run by ``test_faults.py``.

Arguments: point (or ``none``), how often the point is passed before it kills. Everything else is in the environment.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import Counter
from typing import Any

import staff.cli
from cases.store import CaseStore
from staff.inbound import Inbound

POINT, AFTER = sys.argv[1], int(sys.argv[2])
passed: Counter[str] = Counter()


def here(point: str) -> None:
    passed[point] += 1
    if point == POINT and passed[point] > AFTER:
        os.kill(os.getpid(), signal.SIGKILL)


class KilledStore(CaseStore):
    def claim_due(self, *args: Any, **options: Any) -> Any:
        entries = super().claim_due(*args, **options)
        for entry in entries:
            here(f"claimed {entry.direction}")
        return entries

    def start_attempt(self, entry: Any, *args: Any, **options: Any) -> bool:
        started = super().start_attempt(entry, *args, **options)
        here(f"started {entry.direction}")
        return started

    def mark_delivered(self, entry: Any, *args: Any, **options: Any) -> bool:
        here(f"sent {entry.direction}")
        marked = super().mark_delivered(entry, *args, **options)
        here(f"marked {entry.direction}")
        return marked

    def set_position(self, *args: Any, **options: Any) -> None:
        here("acted")
        super().set_position(*args, **options)


class KilledInbound(Inbound):
    def handle(self, *args: Any, **options: Any) -> None:
        here("read")
        super().handle(*args, **options)
        here("handled")


logging.disable(logging.INFO)
staff.cli.open_store = lambda: KilledStore(os.environ["NRWBOT_DATABASE_URL"])  # type: ignore[assignment]
staff.cli.Inbound = KilledInbound  # type: ignore[misc]
asyncio.run(staff.cli._run())
