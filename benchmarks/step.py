"""One step of a run in a process of its own, so that its time and its memory are its own.

    python -m benchmarks.step SPECIFICATION.json

The specification names the peer, the action (``train``, ``ask``, ``judge`` or ``converse``), the file of examples, the
model's folder and where to write what came out.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.nlu.evaluation import Example, Judgement

WARM_UP = 20  # messages that are not timed: what loads on first use is not what a message costs
KEPT = 8  # places of a ranking


def read_examples(path: Path) -> list[Example]:
    """The examples of a file as ``write_examples`` wrote it."""
    return [Example(*each) for each in json.loads(path.read_text(encoding="utf-8"))]


def write_examples(examples: list[Example], path: Path) -> None:
    """Text, language and label of each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [[each.text, each.language, each.label] for each in examples]
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def train(peer: Any, examples: list[Example], folder: Path) -> dict[str, Any]:
    """Train and weigh what came out."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    peer.train(examples, folder)
    seconds = time.perf_counter() - begun
    archive = folder / "model.tar.gz"
    made = [archive] if archive.exists() else list(folder.rglob("*"))
    size = sum(path.stat().st_size for path in made if path.is_file())
    return {"seconds": seconds, "phrases": len(examples), "size": size}


def ask(peer: Any, examples: list[Example], folder: Path) -> dict[str, Any]:
    """Rank labels for each example, one after another, and time each message."""
    peer.load(folder)
    for example in examples[:WARM_UP]:
        peer.rank(example)
    rankings, times = [], []
    for example in examples:
        begun = time.perf_counter()
        ranking = peer.rank(example)
        times.append(time.perf_counter() - begun)
        rankings.append(ranking[:KEPT])
    # the assistant decides by itself; asking it again must not count as memory that a message needs
    memory = peak_memory()
    found = {"rankings": rankings, "times": times, "memory": memory}
    decides: Callable[[list[Example]], list[Judgement]] | None = getattr(peer, "judge", None)
    if decides is not None:
        found["judged"] = _as_rows(decides(examples))
    return found


def judge(phrases: list[Example], questions: list[Example]) -> dict[str, Any]:
    """The assistant's classifier without the rest of the pipeline, and the nearest phrase on the same vectors."""
    from benchmarks.peers.nearest import rank_all
    from bot.nlu.encoder import load_encoder
    from bot.nlu.evaluation import train_and_judge
    from bot.nlu.text import normalise
    from bot.settings import get_settings

    encoder = load_encoder(get_settings().encoder)
    learned, asked = (encoder.encode([normalise(each.text) for each in part]) for part in (phrases, questions))
    rankings = rank_all(learned, [each.label for each in phrases], asked)
    judged = train_and_judge(phrases, learned, questions, asked)
    return {"judged": _as_rows(judged), "rankings": [ranking[:KEPT] for ranking in rankings]}


def _as_rows(judged: Sequence[Judgement]) -> list[dict[str, Any]]:
    return [
        {
            "first": each.first,
            "topics": each.topics,
            "outcome": each.outcome.value,
            "confidence": each.confidence,
            "chance": each.chance,
        }
        for each in judged
    ]


def peak_memory() -> int:
    """Most resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Carry out the step that the specification describes."""
    specification = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    # Rasa would take what it trained before from its cache
    with tempfile.TemporaryDirectory() as cache:
        os.environ["RASA_CACHE_DIRECTORY"] = cache
        from bot.environment import prepare_environment
        from bot.settings import get_settings

        prepare_environment(get_settings())
        examples, folder = read_examples(Path(specification["examples"])), Path(specification["folder"])
        if specification["action"] == "judge":
            first_asked = len(examples) - specification["asked"]
            found = judge(examples[:first_asked], examples[first_asked:])
        elif specification["action"] == "converse":
            from benchmarks.peers import dialogue

            timed = {"rasa": dialogue.time_rasas_policies, "assistant": dialogue.time_assistant}
            found = timed[specification["peer"]](examples, folder)
        else:
            from benchmarks.peers import make_peer

            peer = make_peer(specification["peer"], specification["epochs"])
            found = {"train": train, "ask": ask}[specification["action"]](peer, examples, folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {"memory": peak_memory(), "processor_seconds": used.ru_utime + used.ru_stime, **found}
    Path(specification["out"]).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
