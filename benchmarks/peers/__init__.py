"""The assistant and what people would use instead, each behind the same few methods."""

from benchmarks.peers.assistant import Assistant
from benchmarks.peers.base import Peer
from benchmarks.peers.nearest import NearestPhrase
from benchmarks.peers.rasa_default import RasaDefault
from benchmarks.peers.search import PlainSearch


def make_peer(name: str, epochs: int) -> Peer:
    """The peer of a name such as ``rasa`` or, for a bot of one language, ``rasa-ja``."""
    kind, _, language = name.partition("-")
    if kind == "assistant":
        return Assistant()
    if kind == "rasa":
        return RasaDefault(language, epochs)
    if kind == "search":
        return PlainSearch()
    if kind == "nearest":
        return NearestPhrase()
    raise ValueError(f"There is no peer {name}.")
