"""A lane: takes outbox entries of one direction to where they go, several at a time, and marks each.

It may be killed anywhere, and lose the case log anywhere:

- between claim and attempt: the lease runs out and somebody else delivers;
- during an attempt: its mark stands in the outbox, so the next one knows that the entry may have arrived;
- between delivery and mark: the same; whoever receives it knows the key and drops the second one.

A lease is waited for only when its process has died: what a living lane took and could not send, it gives back itself.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from cases.models import OutboxEntry
from cases.outbox import LEASE
from cases.states import CaseLogUnavailable, Direction, Unstorable
from cases.store import CaseStore
from staff.channels import DELIVERY_SECONDS, Undeliverable

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 5.0
LONGEST_RETRY_SECONDS = 3600.0
# the longest time between two looks whether the case log is back
LONGEST_WAIT_SECONDS = 5.0

Result = TypeVar("Result")
# prepares an entry and returns what sends it; raises KeyError or ValueError when it cannot be written
Prepare = Callable[[OutboxEntry], Awaitable["Sending"]]


class Sending:
    """One entry, ready to be sent: through what (``name``, for the log), and how."""

    def __init__(self, name: str, send: Callable[[], Awaitable[str | None]]) -> None:
        self.name, self.send = name, send


def retry_delay(
    attempts: int, chance: Callable[[], float] = random.random, longest: float = LONGEST_RETRY_SECONDS
) -> timedelta:
    """How long to wait after the n-th failed attempt: doubling from 5 s to an hour, less up to half by chance.

    The chance keeps entries that failed together from coming back together.
    """
    whole = min(longest, FIRST_RETRY_SECONDS * 2 ** min(max(attempts, 1) - 1, 16))
    return timedelta(seconds=whole * (1 - chance() / 2))


class PatientLog:
    """The case log for a process that outlives its loss: waits for it and says so once."""

    def __init__(self, store: CaseStore, stop: asyncio.Event, poll_seconds: float) -> None:
        self.store, self.stop, self._poll_seconds = store, stop, poll_seconds
        self._lost = False

    async def do(self, action: Callable[[], Result]) -> Result | None:
        """Do something with the case log; while it is away, wait for it. None when stopped before it came back.

        It is done again when the connection broke after it had been done and before anybody said so: ``action`` must
        bear that. Raises ``Unstorable``.
        """
        wait = self._poll_seconds
        while True:
            try:
                result = await asyncio.to_thread(action)
            except Unstorable:
                # waiting would not help
                raise
            except CaseLogUnavailable as error:
                if not self._lost:
                    self._lost = True
                    logger.warning("%s Waiting for it.", error)
            else:
                if self._lost:
                    self._lost = False
                    logger.info("The case log is back.")
                return result
            if self.stop.is_set():
                return None
            await self.pause(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    async def pause(self, seconds: float) -> None:
        """Wait, but not when stopped."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)


class Lane:
    """Deliveries in one direction. ``at_once``: how many at the same time; ``longest_retry``: seconds."""

    def __init__(
        self,
        log: PatientLog,
        worker: str,
        direction: Direction,
        prepare: Prepare,
        *,
        at_once: int,
        poll_seconds: float,
        longest_retry: float = LONGEST_RETRY_SECONDS,
    ) -> None:
        self._log, self._worker, self._direction, self._prepare = log, worker, direction, prepare
        self._at_once, self._poll_seconds, self._longest_retry = at_once, poll_seconds, longest_retry
        self._running: set[asyncio.Task[None]] = set()
        self._under_way: set[int] = set()
        self._wake = asyncio.Event()
        self.delivered: Callable[[OutboxEntry], None] = lambda _: None

    def wake(self) -> None:
        """Look now: something is due."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until stopped. A delivery that hangs holds up neither the others nor the end."""
        while not self._log.stop.is_set():
            free = self._at_once - len(self._running)
            entries = (await self._claim(free) if free else None) or []
            for entry in entries:
                task = asyncio.create_task(self._deliver(entry))
                self._running.add(task)
                task.add_done_callback(self._done)
            if len(entries) < free or not free:
                await self._rest()
        if self._running:
            await asyncio.wait(self._running)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        # what follows in the same case may go now
        self._wake.set()
        if not task.cancelled() and (failure := task.exception()) is not None:
            logger.error("A delivery failed in the relay itself: %s.", type(failure).__name__)

    async def _rest(self) -> None:
        stopped = asyncio.ensure_future(self._log.stop.wait())
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({stopped, woken}, timeout=self._poll_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            woken.cancel()
        self._wake.clear()

    async def once(self) -> int:
        """One round: claim what is due, deliver it, mark it. Returns how many entries there were."""
        entries = await self._claim(self._at_once) or []
        await asyncio.gather(*(self._deliver(entry) for entry in entries))
        return len(entries)

    async def cancel(self) -> None:
        """Give up what is under way."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _claim(self, limit: int) -> list[OutboxEntry] | None:
        asked = False

        def claim() -> list[OutboxEntry]:
            nonlocal asked
            if asked:
                # entries may have been claimed without our hearing of it: nobody would deliver them while they are ours
                self._log.store.release_stray(self._worker, self._direction, self._under_way)
            asked = True
            return self._log.store.claim_due(self._worker, limit, directions=[self._direction])

        entries = await self._log.do(claim)
        self._under_way |= {entry.id for entry in entries or ()}
        return entries

    async def _deliver(self, entry: OutboxEntry) -> None:
        try:
            await self._delivery(entry)
        finally:
            self._under_way.discard(entry.id)

    async def _delivery(self, entry: OutboxEntry) -> None:
        store = self._log.store
        if self._log.stop.is_set():
            await self._log.do(lambda: store.release(entry))
            return
        try:
            sending = await self._prepare(entry)
        except (KeyError, ValueError) as error:
            # nothing was sent; the entry waits for somebody to mend the data
            await self._failed(entry, f"The notice cannot be written: {error!r}.", temporary=False)
            return
        except CaseLogUnavailable:
            # nothing was sent: due again as soon as the case log is back, not only when the lease runs out
            await self._log.pause(self._poll_seconds)
            await self._log.do(lambda: store.release(entry))
            return
        except Exception as error:
            # a fault of our own: tried again like any other, and not each time when the lease runs out
            await self._failed(entry, f"The notice could not be prepared: {type(error).__name__}.")
            return
        if not await self._log.do(lambda: store.start_attempt(entry, lease=LEASE)):
            return
        try:
            external_id = await asyncio.wait_for(sending.send(), DELIVERY_SECONDS + 5)
        except Undeliverable as error:
            await self._failed(entry, str(error), temporary=error.temporary, uncertain=error.uncertain)
        except asyncio.TimeoutError:
            await self._failed(entry, f"The channel {sending.name} did not end in time.", uncertain=True)
        except CaseLogUnavailable:
            # channels only read from it, before they send: due again as soon as it is back
            await self._log.pause(self._poll_seconds)
            await self._failed(entry, "The case log was away.", at_once=True)
        except Exception as error:
            # a channel's fault must not stop the others; its message may hold contents, its kind does not
            await self._failed(entry, f"The channel {sending.name} failed: {type(error).__name__}.", uncertain=True)
        else:
            await self._log.do(lambda: store.mark_delivered(entry, external_id))
            logger.info("%s delivered through %s", entry.key, sending.name)
            self.delivered(entry)

    async def _failed(
        self,
        entry: OutboxEntry,
        reason: str,
        *,
        temporary: bool = True,
        uncertain: bool = False,
        at_once: bool = False,
    ) -> None:
        store = self._log.store
        # that it may have arrived by an earlier attempt is not undone by a later one that surely failed
        uncertain = uncertain or entry.attempt_started_at is not None
        attempts = entry.attempts + 1
        if at_once:
            delay = timedelta()
        elif temporary:
            delay = retry_delay(attempts, longest=self._longest_retry)
        else:
            delay = timedelta(seconds=LONGEST_RETRY_SECONDS)
        retry_at = store.clock() + delay
        level = logging.WARNING if temporary else logging.ERROR
        logger.log(level, "%s not delivered (attempt %d): %s", entry.key, attempts, reason)
        await self._log.do(lambda: store.mark_failed(entry, reason, retry_at, uncertain=uncertain))
