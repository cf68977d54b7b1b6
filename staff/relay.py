"""The relay: takes what waits in the outbox to the staff channels and notes what has arrived.

One round claims entries, delivers them side by side and marks each. It may be killed anywhere:

- between claim and attempt: the lease runs out and somebody else delivers;
- during an attempt: its mark stands in the outbox, so the next one knows that the notice may have arrived;
- between delivery and mark: the same; a channel that deduplicates drops the second one.
"""

import asyncio
import logging
import os
import random
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from cases.models import OutboxEntry
from cases.outbox import LEASE
from cases.states import CaseLogUnavailable, Direction
from cases.store import CaseStore
from staff.cards import Cards
from staff.channels import DELIVERY_SECONDS, Undeliverable
from staff.targets import Targets

logger = logging.getLogger(__name__)

BATCH = 8
FIRST_RETRY_SECONDS = 5.0
LONGEST_RETRY_SECONDS = 3600.0
RETENTION_SECONDS = 3600.0
# what is being delivered when the relay is stopped may end within this; process managers kill after 10 s
GRACE_SECONDS = 8.0

Result = TypeVar("Result")


def retry_delay(attempts: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long to wait after the n-th failed attempt: doubling from 5 s to an hour, less up to half by chance.

    The chance keeps entries that failed together from coming back together.
    """
    whole = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(max(attempts, 1) - 1, 16))
    return timedelta(seconds=whole * (1 - chance() / 2))


def worker_name() -> str:
    """A name for this process that none before it had and none beside it has."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"


class Relay:
    """Delivers the outbox's entries to staff. ``poll_seconds``: how often to look when there is nothing to do."""

    def __init__(self, store: CaseStore, targets: Targets, cards: Cards, *, poll_seconds: float = 1.0) -> None:
        self._store, self._targets, self._cards = store, targets, cards
        self._poll_seconds = poll_seconds
        self._worker = worker_name()
        self._stop = asyncio.Event()
        self._lost = False

    def stop(self) -> None:
        """End after what is being delivered right now; for signal handlers."""
        self._stop.set()

    async def run(self) -> None:
        """Deliver until ``stop``. Outlives the loss of the database: waits for it and says so once."""
        logger.info("relay %s started", self._worker)
        tasks = [asyncio.create_task(self._rounds()), asyncio.create_task(self._retention())]
        stopped = asyncio.create_task(self._stop.wait())
        try:
            # a task that ends by itself has failed
            await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        finally:
            for task in (stopped, *tasks):
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        logger.info("relay %s ended", self._worker)
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    async def _rounds(self) -> None:
        while not self._stop.is_set():
            if await self.deliver_due() < BATCH:
                await self._pause(self._poll_seconds)

    async def deliver_due(self) -> int:
        """One round: claim what is due, deliver it, mark it. Returns how many entries there were."""
        entries = await self._stored(
            lambda: self._store.claim_due(self._worker, BATCH, directions=[Direction.TO_STAFF])
        )
        if not entries:
            return 0
        await asyncio.gather(*(self._deliver(entry) for entry in entries))
        return len(entries)

    async def _deliver(self, entry: OutboxEntry) -> None:
        if self._stop.is_set():
            await self._stored(lambda: self._store.release(entry))
            return
        try:
            channel = self._targets.channel(entry.partner)
            notice = self._cards.notice(entry)
        except (KeyError, ValueError) as error:
            # nothing was sent; the entry waits for somebody to mend the data
            await self._failed(entry, f"The notice cannot be written: {error!r}.", temporary=False, uncertain=False)
            return
        if notice.repeated and channel.deduplicates:
            notice = replace(notice, repeated=False)
        elif notice.repeated:
            notice = replace(notice, body=f"{self._cards.repetition(notice)}\n\n{notice.body}")
        if not await self._stored(lambda: self._store.start_attempt(entry, lease=LEASE)):
            return
        try:
            external_id = await asyncio.wait_for(channel.deliver(notice), DELIVERY_SECONDS + 5)
        except Undeliverable as error:
            await self._failed(entry, str(error), temporary=error.temporary, uncertain=error.uncertain)
        except asyncio.TimeoutError:
            await self._failed(entry, f"The channel {channel.name} did not end in time.", uncertain=True)
        except Exception as error:
            # a channel's fault must not stop the others; its message may hold contents, its kind does not
            await self._failed(entry, f"The channel {channel.name} failed: {type(error).__name__}.", uncertain=True)
        else:
            await self._stored(lambda: self._store.mark_delivered(entry, external_id))
            logger.info("%s delivered through %s", entry.key, channel.name)

    async def _failed(self, entry: OutboxEntry, reason: str, *, temporary: bool = True, uncertain: bool) -> None:
        attempts = entry.attempts + 1
        delay = retry_delay(attempts) if temporary else timedelta(seconds=LONGEST_RETRY_SECONDS)
        retry_at = self._store.clock() + delay
        level = logging.WARNING if temporary else logging.ERROR
        logger.log(level, "%s not delivered (attempt %d): %s", entry.key, attempts, reason)
        await self._stored(lambda: self._store.mark_failed(entry, reason, retry_at, uncertain=uncertain))

    async def _retention(self) -> None:
        while not self._stop.is_set():
            counts = await self._stored(self._store.retention)
            if counts is not None and counts.erased:
                logger.info("retention: %d idle cases closed, %d erased", counts.closed_idle, counts.erased)
            await self._pause(RETENTION_SECONDS)

    async def _stored(self, action: Callable[[], Result]) -> Result | None:
        """Do something with the case log; while it is away, wait for it. None when stopped before it came back."""
        wait = self._poll_seconds
        while True:
            try:
                result = await asyncio.to_thread(action)
            except CaseLogUnavailable as error:
                if not self._lost:
                    self._lost = True
                    logger.warning("%s Waiting for it.", error)
            else:
                if self._lost:
                    self._lost = False
                    logger.info("The case log is back.")
                return result
            if self._stop.is_set():
                return None
            await self._pause(wait)
            wait = min(wait * 2, 30.0)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not when stopped."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
