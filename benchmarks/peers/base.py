"""What a peer is: something that learns from phrases and ranks labels for a text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bot.nlu.evaluation import Example

Ranking = list[tuple[str, float]]  # labels with a score, best first


class Peer(Protocol):
    """One process trains it, another loads it and asks."""

    def train(self, examples: Sequence[Example], folder: Path) -> None:
        """Learn from examples and leave the model in ``folder``."""

    def load(self, folder: Path) -> None:
        """Take up the model of ``folder``."""

    def rank(self, example: Example) -> Ranking:
        """Labels for the text of an example, best first; its language may be used, its label not."""
