"""How the web chat bears many chats at once: real Socket.IO clients against a running server on this machine.

    .venv/bin/python -m benchmarks.load [--url http://127.0.0.1:5005] [--chats 1 10 50 200] [--turns 5]

Each chat is opened and welcomed, then asks one question after another, with a pause to read in between unless
``--pause 0``. A turn is timed from sending until its reply is complete: until the channel tells, after the last
message, that the assistant has stopped typing. Prints a Markdown table. Bounded in count (250 chats, 50 turns) and in
time (``--seconds`` for a round, its opening included); other machines than this one are refused. The limits of the chat
must let it through: start the server with NRWBOT_CHAT_ADDRESS_MESSAGES_PER_MINUTE=100000 and
NRWBOT_CHAT_ADDRESS_SESSIONS_PER_HOUR=100000, for ``--pause 0`` also NRWBOT_CHAT_MESSAGES_PER_MINUTE=100000 and
NRWBOT_CHAT_MESSAGES_AT_ONCE=1000.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import socketio

if not hasattr(aiohttp, "ClientWSTimeout"):
    # python-engineio 4.15 names a class of aiohttp 3.11; the line that Rasa needs takes plain seconds
    aiohttp.ClientWSTimeout = lambda ws_close=None, **_: ws_close

MOST_CHATS, MOST_TURNS = 250, 50
# a turn that takes longer counts as an error; at 200 chats without pauses a turn waits for 199 others
TURN_SECONDS = 120.0
APOLOGY = "fault"
MODULES = ("bot.server", "actions", "staff")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
QUESTIONS = (
    "Wie gründe ich eine GmbH?",
    "Wie hoch ist die Gewerbesteuer in Krefeld?",
    "Was kostet die Gründung?",
    "GmbHの設立にはどのくらい時間がかかりますか。",
    "ビザは何が必要ですか。",
    "日本人学校はどこにありますか。",
    "How do I set up a branch office?",
    "Which visa does a managing director need?",
    "What is the weather like on Mars?",
    "Danke schön!",
)


@dataclass
class Figures:
    """What one round measured: turns, first acknowledgements and the talking as a whole in seconds, errors by kind."""

    seconds: float = 0.0
    turns: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def failed(self, kind: str) -> None:
        self.errors[kind] = self.errors.get(kind, 0) + 1


class Chat:
    """One client, who waits for the whole reply before going on."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = socketio.AsyncClient(reconnection=False)
        self._complete = asyncio.Event()
        self._kinds: list[str] = []
        self._client.on("bot_uttered", self._uttered)
        self._client.on("typing", self._typing)

    async def _uttered(self, message: dict[str, Any]) -> None:
        self._kinds.append(str(message["custom"].get("type")))

    async def _typing(self, told: dict[str, Any]) -> None:
        # with messages before it, as a chat that is resumed may be told so at once
        if told == {"from": "bot", "on": False} and self._kinds:
            self._complete.set()

    async def open(self) -> None:
        """Connect, and wait for the whole welcome. Raises ``RuntimeError`` when there is none."""
        await self._client.connect(self._url, transports=["websocket"], wait_timeout=TURN_SECONDS)
        asked = {"session": None, "language": "de", "consent": True}
        answer = await self._client.call("session_request", asked, timeout=TURN_SECONDS)
        if answer["status"] != "ok":
            raise RuntimeError(f"session {answer['status']}")
        await asyncio.wait_for(self._complete.wait(), TURN_SECONDS)
        if APOLOGY in self._kinds:
            raise RuntimeError("the welcome was an apology")

    async def ask(self, question: str, figures: Figures) -> None:
        """Take a turn; notes how long it took, or why it failed."""
        self._complete.clear()
        self._kinds.clear()
        begun = time.perf_counter()
        answer = await self._client.call("user_uttered", {"message": question}, timeout=TURN_SECONDS)
        if answer["status"] != "ok":
            figures.failed(answer["status"])
            return
        figures.acknowledged.append(time.perf_counter() - begun)
        await asyncio.wait_for(self._complete.wait(), TURN_SECONDS)
        if APOLOGY in self._kinds:
            # quick, but no answer: a part of the assistant is away
            figures.failed("apology")
            return
        figures.turns.append(time.perf_counter() - begun)

    async def close(self) -> None:
        if self._client.connected:
            await self._client.disconnect()


async def round_of(url: str, chats: int, turns: int, pause: float, seconds: float) -> Figures:
    """Let so many chats talk at once, all of it within ``seconds``."""
    figures = Figures()
    clients = [Chat(url) for _ in range(chats)]
    dice = random.Random(chats)

    async def opened(client: Chat) -> None:
        try:
            await client.open()
        except Exception as error:
            figures.failed(f"opening: {type(error).__name__}")

    async def talk(client: Chat) -> None:
        try:
            await asyncio.sleep(dice.uniform(0, pause))
            for _ in range(turns):
                await client.ask(dice.choice(QUESTIONS), figures)
                await asyncio.sleep(dice.uniform(0.5, 1.5) * pause)
        except Exception as error:
            figures.failed(type(error).__name__)

    async def whole() -> None:
        for start in range(0, chats, 20):
            await asyncio.gather(*(opened(client) for client in clients[start : start + 20]))
        begun = time.perf_counter()
        try:
            await asyncio.gather(*(talk(client) for client in clients))
        finally:
            figures.seconds = time.perf_counter() - begun

    try:
        await asyncio.wait_for(whole(), seconds)
    except asyncio.TimeoutError:
        figures.failed("round not ended in time")
    finally:
        await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
    return figures


def memory(port: int) -> dict[str, int]:
    """Resident memory in MB of the server that listens on ``port``, and of the project's others started beside it."""
    server = _listener(port)
    # each is started through a process of its own, so what they share may be a parent's parent
    family = _forebears(server) if server else set()
    found: dict[str, int] = {}
    for pid in (int(folder.name) for folder in Path("/proc").glob("[0-9]*")):
        try:
            command = (Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")).split("\0")
            name = command[command.index("-m") + 1] if "-m" in command[:-1] else ""
            if name not in MODULES or (pid != server and not family & _forebears(pid)):
                continue
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            continue
        found[name] = found.get(name, 0) + pages * 4096 // 2**20
    return found


def _forebears(pid: int) -> set[int]:
    """Parent and grandparent, without the first process of all."""
    parent = _parent(pid)
    return {parent, _parent(parent)} - {0, 1} if parent > 1 else set()


def _parent(pid: int) -> int:
    # the name of the process stands in brackets and may hold anything
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _listener(port: int) -> int | None:
    listening = "0A"
    inodes = {
        f"socket:[{line.split()[9]}]"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == listening and int(line.split()[1].split(":")[1], 16) == port
    }
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in inodes:
                return int(link.parts[2])
        except OSError:
            continue
    return None


def row(chats: int, figures: Figures, port: int) -> str:
    """One line of the table."""
    milliseconds = sorted(1000 * turn for turn in figures.turns) or [float("nan")]
    acknowledged = sorted(1000 * ack for ack in figures.acknowledged) or [float("nan")]
    p95 = milliseconds[min(len(milliseconds) - 1, int(0.95 * len(milliseconds)))]
    errors = ", ".join(f"{kind} {count}" for kind, count in sorted(figures.errors.items())) or "0"
    used = ", ".join(f"{name} {size}" for name, size in sorted(memory(port).items())) or "not found"
    pace = len(figures.turns) / figures.seconds if figures.seconds else 0.0
    return (
        f"| {chats} | {len(figures.turns)} | {pace:.1f} | {statistics.median(milliseconds):.0f} | {p95:.0f} "
        f"| {statistics.median(acknowledged):.0f} | {errors} | {used} |"
    )


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:5005")
    parser.add_argument("--chats", type=int, nargs="+", default=[1, 10, 50, 200])
    parser.add_argument("--turns", type=int, default=5, help="questions a chat asks")
    parser.add_argument(
        "--pause", type=float, default=5.0, help="seconds a user reads between two questions, on average"
    )
    parser.add_argument("--seconds", type=float, default=300.0, help="longest time of a round, its opening included")
    given = parser.parse_args()
    if urlsplit(given.url).hostname not in LOOPBACK:
        parser.error("only servers on this machine may be loaded")
    if max(given.chats) > MOST_CHATS or given.turns > MOST_TURNS:
        parser.error(f"at most {MOST_CHATS} chats and {MOST_TURNS} turns")
    # the first questions load what the server reads on first use
    first = await round_of(given.url, 1, 5, 0, given.seconds)
    if not first.turns:
        print(f"The assistant gave no answer ({first.errors}); nothing was measured.", file=sys.stderr)
        return 1
    print(f"Pause of a user: {given.pause:g} s on average; {given.turns} turns a chat.\n")
    print("| chats at once | turns | turns a second | p50 ms | p95 ms | acknowledged p50 ms | errors | memory MB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    failures = 0
    for chats in given.chats:
        figures = await round_of(given.url, chats, given.turns, given.pause, given.seconds)
        print(row(chats, figures, urlsplit(given.url).port or 80), flush=True)
        failures += sum(figures.errors.values())
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
