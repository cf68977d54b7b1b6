"""Rasa's default pipeline: word and character n-grams into DIET, and the fallback classifier."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.data import topic_of, write_nlu
from benchmarks.peers.base import Ranking
from bot.environment import quiet_rasa
from bot.nlu.evaluation import Example

MODEL = "model.tar.gz"


def pipeline(language: str, epochs: int) -> list[dict[str, Any]]:
    """What ``rasa init`` writes, with the best tokenizer at hand; ``language``: of a bot of its own, else empty."""
    whitespace = {"name": "WhitespaceTokenizer"}
    rules = {"name": "benchmarks.peers.tokens.PeerTokenizer", "language": language}
    return [
        whitespace if language in ("de", "en") else rules,
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        # the default draws other weights each time; a seed makes the run one that can be repeated
        {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True, "random_seed": 1},
        # thresholds are chosen afterwards, on held-back phrases
        {"name": "FallbackClassifier", "threshold": 0.0, "ambiguity_threshold": 0.0},
    ]


class RasaDefault:
    """One bot for all languages, or for one. Topics are flat intents: DIET knows no better case."""

    def __init__(self, language: str, epochs: int) -> None:
        self._language, self._epochs = language, epochs
        self._agent: Any = None
        # Rasa installs uvloop, which makes no loop unasked
        self._loop = asyncio.new_event_loop()

    def train(self, examples: Sequence[Example], folder: Path) -> None:
        """Train with Rasa's own command and leave the model in ``folder``."""
        from rasa.model_training import train_nlu

        quiet_rasa()
        write_nlu(examples, folder / "nlu", flat=True)
        config = folder / "config.yml"
        content = {
            "recipe": "default.v1",
            "language": self._language or "en",
            "assistant_id": "peer",
            "pipeline": pipeline(self._language, self._epochs),
            "policies": [],
        }
        config.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        train_nlu(str(config), str(folder / "nlu"), str(folder), fixed_model_name=MODEL.removesuffix(".tar.gz"))
        if not (folder / MODEL).exists():
            raise RuntimeError("Rasa's default pipeline could not be trained; the lines above say why.")

    def load(self, folder: Path) -> None:
        """Take up the model of ``folder``."""
        from rasa.core.agent import load_agent

        quiet_rasa()
        self._agent = self._loop.run_until_complete(load_agent(model_path=str(folder / MODEL)))

    def rank(self, example: Example) -> Ranking:
        """Labels with DIET's confidence, best first."""
        parsed = self._loop.run_until_complete(self._agent.parse_message(example.text))
        return [
            (topic_of(each["name"]), float(each["confidence"]))
            for each in parsed["intent_ranking"]
            if each["name"] != "nlu_fallback"
        ]
