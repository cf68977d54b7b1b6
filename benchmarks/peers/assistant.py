"""This assistant, trained and asked as it is shipped: ``config.yml``, the importer, the decision at the end."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.data import data_with, project_phrases
from benchmarks.peers.base import Ranking
from bot.environment import prepare_environment, quiet_rasa
from bot.nlu.evaluation import Example, Judgement, ask_model
from bot.settings import get_settings

MODEL = "model.tar.gz"


class Assistant:
    """Trains on a copy of the data folder that holds the given phrases only."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._folder = Path()

    def train(self, examples: Sequence[Example], folder: Path) -> None:
        """Train everything, rules too, and leave the model in ``folder``."""
        from bot import training

        data_dir = get_settings().data_dir
        if len(set(examples) & (whole := set(project_phrases(data_dir)))) < len(whole):
            os.environ["NRWBOT_DATA_DIR"] = str(data_with(examples, data_dir, folder / "data"))
            get_settings.cache_clear()
        training.train(folder / MODEL)

    def load(self, folder: Path) -> None:
        """Take up the model of ``folder``, set up as for serving."""
        from rasa.core.agent import load_agent

        from bot.turns import take_turns_cheaply

        prepare_environment(get_settings(), serving=True)
        quiet_rasa()
        take_turns_cheaply()
        self._folder = folder
        self._agent = self._loop.run_until_complete(load_agent(model_path=str(folder / MODEL)))

    def rank(self, example: Example) -> Ranking:
        """Intents with their confidence, best first."""
        parsed = self._loop.run_until_complete(self._agent.parse_message(example.text))
        return [(each["name"], float(each["confidence"])) for each in parsed["intent_ranking"]]

    def judge(self, examples: Sequence[Example]) -> list[Judgement]:
        """What the assistant would do with each: its own thresholds and decision."""
        return self._loop.run_until_complete(ask_model(self._folder / MODEL, examples))
