"""Steps of a run: each in a process of its own, its result kept on disk, so that a run that was broken off goes on."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.step import write_examples
from bot.nlu.evaluation import Example
from bot.settings import PROJECT_ROOT

# seconds a phrase and epoch, and to start; measured on two cores, only for telling how long a step may take
PER_PHRASE_AND_EPOCH = 0.0018
PER_PHRASE = {"assistant": 0.004, "search": 0.0, "nearest": 0.003, "classifier": 0.01}
PER_QUESTION = 0.01
TO_START = 15.0
TO_CONVERSE = 60.0
# code that decides what a peer does, beside the phrases: a change makes its kept results worthless
CODE = {
    "assistant": ("config.yml", "domain.yml", "bot/nlu", "bot/knowledge", "bot/training.py", "bot/examples.py"),
    "nearest": ("bot/nlu/encoder.py", "benchmarks/peers/nearest.py"),
    "search": ("data/knowledge", "benchmarks/peers/search.py"),
    "rasa": ("benchmarks/peers/rasa_default.py", "benchmarks/peers/tokens.py"),
    "classifier": ("bot/nlu", "benchmarks/step.py"),
}
# what a whole message takes beyond understanding
WHOLE_WAY = (
    "actions",
    "cases",
    "endpoints.yml",
    "bot/conversations.py",
    "bot/turns.py",
    "benchmarks/peers/dialogue.py",
)


@dataclass(frozen=True)
class Step:
    """``action`` of a peer on examples, with the model in the folder ``model`` of the run."""

    name: str
    peer: str
    action: str
    examples: Sequence[Example]
    model: str
    epochs: int
    asked: int = 0  # with the action ``judge`` so many examples at the end are asked, the others learned from

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        kind = self.peer.partition("-")[0]
        if self.action == "converse":
            return TO_CONVERSE
        if self.action == "ask":
            return TO_START + PER_QUESTION * len(self.examples)
        if kind == "rasa":
            return TO_START + PER_PHRASE_AND_EPOCH * len(self.examples) * self.epochs
        return TO_START + PER_PHRASE[kind] * len(self.examples)


class Run:
    """Carries out steps in ``folder``; what is there already and still fits is not done again."""

    def __init__(self, folder: Path, steps: Sequence[Step]) -> None:
        self._folder = folder
        self._steps = list(steps)
        self._begun = time.monotonic()
        self._done: dict[str, str] = {}

    def carry_out(self) -> dict[str, dict[str, Any]]:
        """Results by the name of the step; raises ``RuntimeError`` when one failed."""
        results: dict[str, dict[str, Any]] = {}
        for number, step in enumerate(self._steps, 1):
            digest = self._digest(step)
            self._done[step.name] = digest
            path = self._folder / "steps" / f"{step.name}.json"
            kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            if kept.get("digest") == digest:
                results[step.name] = kept
                continue
            left = sum(each.seconds for each in self._steps[number - 1 :]) / 60
            head = f"[{number}/{len(self._steps)}] {step.name}: {len(step.examples)} texts"
            print(f"{head}, about {step.seconds:.0f} s; the rest at most {left:.0f} min", file=sys.stderr, flush=True)
            begun = time.monotonic()
            results[step.name] = self._carry_out(step, digest, path)
            print(f"    took {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        return results

    def _carry_out(self, step: Step, digest: str, path: Path) -> dict[str, Any]:
        examples = self._folder / "work" / "examples" / f"{step.name}.json"
        write_examples(list(step.examples), examples)
        found = path.with_suffix(".new")
        specification = {
            "peer": step.peer,
            "action": step.action,
            "epochs": step.epochs,
            "asked": step.asked,
            "examples": str(examples),
            "folder": str(self._folder / "work" / step.model),
            "out": str(found),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        paper = examples.with_suffix(".step.json")
        paper.write_text(json.dumps(specification), encoding="utf-8")
        log = self._folder / "work" / f"{step.name}.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "benchmarks.step", str(paper)]
            code = subprocess.run(command, cwd=PROJECT_ROOT, stdout=output, stderr=output, check=False).returncode
        if code != 0:
            raise RuntimeError(f"{step.name} failed; {log} says why.")
        result: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
        result |= {"digest": digest, "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}
        path.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
        found.unlink()
        return result

    def _digest(self, step: Step) -> str:
        """Over all that decides the result: what is learned or asked, the code, and for asking the training before."""
        digest = hashlib.sha256(f"{step.peer} {step.action} {step.epochs} {step.model} {step.asked}".encode())
        for each in step.examples:
            digest.update(f"{each.language} {each.label} {each.text}\n".encode())
        if step.action in ("ask", "converse"):
            trained = [self._done[other.name] for other in self._steps if _trains_for(other, step)]
            digest.update(" ".join(trained).encode())
        further = WHOLE_WAY if step.action == "converse" else ()
        for name in (*CODE[step.peer.partition("-")[0]], *further):
            root = PROJECT_ROOT / name
            for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
                if path.suffix in (".py", ".yml") and path.exists():
                    digest.update(path.read_bytes())
        return digest.hexdigest()[:16]


def _trains_for(step: Step, asking: Step) -> bool:
    return step.action == "train" and step.model == asking.model
