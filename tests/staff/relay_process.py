"""A relay in a process of its own that kills itself (SIGKILL) at a named point; run by ``test_relay_process.py``.

Arguments: case log URL, folder of the notices, point (or ``none``), seconds that its clock is ahead, ``once`` or
``run``. Everything but the killing is the real relay.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.directory import get_directory
from bot.knowledge.wording import load_wording
from bot.settings import PROJECT_ROOT
from cases.database import utc_now
from cases.store import CaseStore
from staff.cards import Cards
from staff.channels import OutgoingNotice, StaffChannel
from staff.relay import Relay
from staff.targets import Targets

URL, FOLDER, POINT, AHEAD, MODE = sys.argv[1:]


def here(point: str) -> None:
    if point == POINT:
        os.kill(os.getpid(), signal.SIGKILL)


class KilledStore(CaseStore):
    def claim_due(self, *args: Any, **options: Any) -> Any:
        entries = super().claim_due(*args, **options)
        if entries:
            here("claimed")
        return entries

    def start_attempt(self, *args: Any, **options: Any) -> bool:
        started = super().start_attempt(*args, **options)
        here("started")
        return started

    def mark_delivered(self, *args: Any, **options: Any) -> bool:
        here("sent")
        marked = super().mark_delivered(*args, **options)
        here("marked")
        return marked


class KilledTargets(Targets):
    """Channels that die in the middle of writing, when asked to."""

    def channel(self, partner_id: str) -> StaffChannel:
        channel = super().channel(partner_id)
        if POINT == "half_written":
            return HalfWriting(channel)
        return channel


class HalfWriting:
    name, deduplicates = "half", True

    def __init__(self, channel: StaffChannel) -> None:
        self._channel = channel

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        await self._channel.deliver(notice)
        path = Path(FOLDER) / "notices" / f"{notice.partner.id}.log"
        path.write_bytes(path.read_bytes()[:-40])
        here("half_written")
        return None


async def main() -> None:
    store = KilledStore(URL, clock=lambda: utc_now() + timedelta(seconds=float(AHEAD)))
    cards = Cards(get_directory(), load_wording(PROJECT_ROOT / "data" / "responses"))
    relay = Relay(store, KilledTargets(get_directory(), Path(FOLDER), os.environ), cards, poll_seconds=0.05)
    if MODE == "once":
        while await relay.deliver_due():
            pass
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, relay.stop)
    await relay.run()


asyncio.run(main())
