"""The relay: takes what waits in the outbox to staff and to users, and what staff write into the case log.

Everything it knows is in the case log, so it may be killed at any moment, and two may run by mistake: see
``staff.lanes`` for the way out and ``staff.inbound`` for the way in. For the same reason a part of it that fails in a
way nobody thought of begins anew after a pause, and the others go on.
"""

import asyncio
import logging
import os
import secrets
import socket
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from cases.models import OutboxEntry
from cases.states import Direction, OutboxKind
from cases.store import CaseStore
from staff.cards import Cards
from staff.channels import IncomingMessage, TwoWayChannel, is_two_way
from staff.inbound import Inbound
from staff.lanes import Lane, PatientLog, Sending, retry_delay
from staff.targets import Targets
from staff.users import UserChannel
from staff.watch import Watch

__all__ = ["BATCH", "Relay", "retry_delay", "worker_name"]

logger = logging.getLogger(__name__)

BATCH = 8
RETENTION_SECONDS = 3600.0
WATCH_SECONDS = 20.0
# a message for the user that cannot be said now is tried again at the latest after this
LONGEST_USER_RETRY_SECONDS = 60.0
# how often to look whether the Rasa server is back
RASA_SECONDS = 1.0
# a part that failed begins anew after this
AGAIN_SECONDS = 5.0
# what is being delivered when the relay is stopped may end within this; process managers kill after 10 s
GRACE_SECONDS = 8.0


def worker_name() -> str:
    """A name for this process that none before it had and none beside it has."""
    return f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"


class Relay:
    """Carries messages both ways. ``poll_seconds``: how often to look when there is nothing to do.

    Without ``users`` nothing goes to users, without ``inbound`` nothing is read from staff, without ``watch`` nobody is
    reminded: for tests and for ``nrwbot relay once``. ``mail`` sends users copies of what staff write. ``translate`` is
    told of every delivered entry.
    """

    def __init__(
        self,
        store: CaseStore,
        targets: Targets,
        cards: Cards,
        *,
        users: UserChannel | None = None,
        mail: Callable[[OutboxEntry], Coroutine[Any, Any, str | None]] | None = None,
        inbound: Inbound | None = None,
        watch: Watch | None = None,
        translate: Callable[[OutboxEntry], Coroutine[Any, Any, None]] | None = None,
        poll_seconds: float = 0.25,
    ) -> None:
        self._store, self._targets, self._cards = store, targets, cards
        self._users, self._mail, self._inbound, self._watch = users, mail, inbound, watch
        self._translate = translate
        self._poll_seconds = poll_seconds
        self._worker = worker_name()
        self._stop = asyncio.Event()
        self._log = PatientLog(store, self._stop, poll_seconds)
        self._translations: set[asyncio.Task[None]] = set()
        self._staff_lane = self._lane(Direction.TO_STAFF, self._to_staff)
        self._lanes = [self._staff_lane]
        self._user_lane: Lane | None = None
        if users is not None:
            self._user_lane = self._lane(Direction.TO_USER, self._to_user, longest=LONGEST_USER_RETRY_SECONDS)
            self._lanes.append(self._user_lane)
        if mail is not None:
            self._lanes.append(self._lane(Direction.BY_MAIL, self._by_mail))
        for lane in self._lanes:
            lane.delivered = self._delivered

    def _lane(self, direction: Direction, prepare: Any, longest: float = 3600.0) -> Lane:
        return Lane(
            self._log,
            self._worker,
            direction,
            prepare,
            at_once=BATCH,
            poll_seconds=self._poll_seconds,
            longest_retry=longest,
        )

    def stop(self) -> None:
        """End after what is being delivered right now; for signal handlers."""
        self._stop.set()

    async def run(self) -> None:
        """Carry until ``stop``. Outlives the loss of the database: waits for it and says so once."""
        logger.info("relay %s started", self._worker)
        works: list[Callable[[], Coroutine[Any, Any, None]]] = [lane.run for lane in self._lanes]
        works.append(self._retention)
        if self._watch is not None:
            works.append(partial(self._watching, self._watch))
        if self._users is not None:
            works.append(partial(self._watch_rasa, self._users))
        tasks = [asyncio.create_task(self._steadily(work)) for work in works]
        readers = []
        if self._inbound is not None:
            reading = [partial(self._read, each, self._inbound) for each in self._targets.two_way()]
            readers = [asyncio.create_task(self._steadily(work)) for work in reading]
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await stopped
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        finally:
            for task in (stopped, *tasks, *readers, *self._translations):
                task.cancel()
            for lane in self._lanes:
                await lane.cancel()
            await asyncio.gather(*tasks, *readers, return_exceptions=True)
            await self.close()
        logger.info("relay %s ended", self._worker)

    async def _steadily(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do a work until stopped, again when it fails."""
        while not self._stop.is_set():
            try:
                await work()
            except Exception as error:
                # its message may hold contents; its kind and place do not
                place = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{os.path.basename(place.filename)}:{place.lineno}"
                logger.error("The relay failed at a part of its work (%s, %s).", type(error).__name__, where)
            await self._log.pause(AGAIN_SECONDS)

    async def close(self) -> None:
        """Let go of connections."""
        for channel in self._targets.two_way():
            await channel.close()
        if self._users is not None:
            await self._users.close()

    async def deliver_due(self) -> int:
        """One round in every direction: deliver what is due, and mark it. Returns how many entries there were."""
        return sum([await lane.once() for lane in self._lanes])

    async def _to_staff(self, entry: OutboxEntry) -> Sending:
        channel = self._targets.channel(entry.partner)
        if is_two_way(channel):
            number = entry.key.split("/", 1)[0]
            thread = None
            if entry.kind != OutboxKind.NOTICE:
                thread = await asyncio.to_thread(self._store.thread, number, entry.partner)
            notice = replace(self._cards.notice(entry, threaded=channel.name), thread=thread)
        else:
            notice = self._cards.notice(entry)
        if notice.repeated and channel.deduplicates:
            notice = replace(notice, repeated=False, attempted=True)
        elif notice.repeated:
            notice = replace(notice, body=f"{self._cards.repetition(notice)}\n\n{notice.body}")
        return Sending(channel.name, lambda: channel.deliver(notice))

    async def _to_user(self, entry: OutboxEntry) -> Sending:
        assert self._users is not None
        users = self._users
        return Sending(users.name, lambda: users.deliver(entry))

    async def _by_mail(self, entry: OutboxEntry) -> Sending:
        assert self._mail is not None
        mail = self._mail
        return Sending("mail to the user", lambda: mail(entry))

    def _delivered(self, entry: OutboxEntry) -> None:
        if self._translate is not None and entry.kind == OutboxKind.MESSAGE:
            # beside the delivery, never before it: a slow translation delays nothing
            task = asyncio.create_task(self._translate(entry))
            self._translations.add(task)
            task.add_done_callback(self._translations.discard)

    async def _read(self, channel: TwoWayChannel, inbound: Inbound) -> None:
        """Act on what staff write in a channel. The position is kept after the batch: what comes again is known."""
        name = channel.name
        position = await self._log.do(lambda: self._store.position(name))
        async for batch in channel.receive(position):
            for message in batch.messages:
                await self._log.do(lambda message=message: self._acted(inbound, name, message))  # type: ignore[misc]
                if self._stop.is_set():
                    return
                if self._user_lane is not None:
                    self._user_lane.wake()
                self._staff_lane.wake()
            await self._log.do(lambda batch=batch: self._store.set_position(name, batch.position))  # type: ignore[misc]
            if batch.recovered:
                await self._log.do(lambda: self._store.hasten(Direction.TO_STAFF, sorted(channel.partners)))
                self._staff_lane.wake()

    @staticmethod
    def _acted(inbound: Inbound, channel: str, message: IncomingMessage) -> None:
        inbound.handle(channel, message)

    async def _watch_rasa(self, users: UserChannel) -> None:
        """When the Rasa server is back, what could not be said is said at once and not at the next attempt."""
        lost = False
        while not self._stop.is_set():
            reachable = await users.reachable()
            if reachable and lost:
                await self._log.do(lambda: self._store.hasten(Direction.TO_USER))
                if self._user_lane is not None:
                    self._user_lane.wake()
            lost = not reachable
            await self._log.pause(RASA_SECONDS)

    async def _watching(self, watch: Watch) -> None:
        while not self._stop.is_set():
            await self._log.do(watch.look)
            await self._log.pause(WATCH_SECONDS)

    async def _retention(self) -> None:
        while not self._stop.is_set():
            counts = await self._log.do(self._store.retention)
            if counts is not None and counts.erased:
                logger.info("retention: %d idle cases closed, %d erased", counts.closed_idle, counts.erased)
            await self._log.pause(RETENTION_SECONDS)
