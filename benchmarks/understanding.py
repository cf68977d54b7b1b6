"""How well and how fast the assistant understands, beside what people would use instead, in one run.

    .venv/bin/python -m benchmarks.understanding [--per-topic 12] [--epochs 100] [--only rasa nearest]

All peers learn from the same phrases (``--per-topic`` of each topic and language, drawn by ``--seed``) and are asked
the questions of tests/understanding, which none of them has seen. The assistant, plain search and the nearest phrase
are also measured with all phrases. Results of steps lie in the results folder: a run that is broken off goes on where
it was, and ``--only`` carries out the steps of some peers and leaves the report to a later call.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.data import Drawn, draw, of_languages, project_phrases
from benchmarks.run import Run, Step
from bot.environment import prepare_environment
from bot.languages import LANGUAGES
from bot.nlu.evaluation import Example, load_questions
from bot.settings import PROJECT_ROOT, get_settings

QUESTIONS = PROJECT_ROOT / "tests" / "understanding"
RESULTS = PROJECT_ROOT / "benchmarks" / "results"
PEERS = ("assistant", "rasa", "rasa-de", "rasa-en", "rasa-ja", "search", "nearest", "cross", "curve")
CONVERSED = 200  # messages that go the whole way
CURVE = (2, 4, 8, 16, 32)  # phrases of each topic and language


def steps(
    part: Drawn, whole: Drawn, curve: dict[int, list[Example]], questions: list[Example], epochs: int
) -> list[Step]:
    """Everything that a run consists of; ``curve``: phrases to learn from by their number for each topic."""
    found = []
    for name in ("assistant", "rasa", *(f"rasa-{language}" for language in LANGUAGES), "search", "nearest"):
        languages = [name.partition("-")[2]] if name.startswith("rasa-") else list(LANGUAGES)
        found += _of_peer(name, name, part, questions, languages, epochs)
    for name in ("assistant", "nearest"):
        found += _of_peer(name, f"{name}-all", whole, questions, list(LANGUAGES), epochs)
    asked = questions[:: len(questions) // CONVERSED or 1]
    found.append(Step("rasa.policies", "rasa", "converse", asked, "rasa/policies", 0))
    found.append(Step("assistant-all.conversation", "assistant", "converse", asked, "assistant-all/final", 0))
    for language in LANGUAGES:
        found.append(_of_classifier(f"cross-{language}", of_languages(part.final, [language]), questions))
    for size, examples in curve.items():
        found.append(_of_classifier(f"curve-{size}", examples, questions))
    return found


def _of_classifier(name: str, phrases: list[Example], questions: list[Example]) -> Step:
    return Step(name, "classifier", "judge", [*phrases, *questions], name, 0, asked=len(questions))


def _of_peer(
    peer: str, name: str, drawn: Drawn, questions: list[Example], languages: list[str], epochs: int
) -> list[Step]:
    final, learn = of_languages(drawn.final, languages), of_languages(drawn.learn, languages)
    held_back = of_languages(drawn.held_back, languages)
    found = [
        Step(f"{name}.train", peer, "train", final, f"{name}/final", epochs),
        Step(f"{name}.questions", peer, "ask", questions, f"{name}/final", epochs),
    ]
    if peer == "assistant":
        # holds back phrases and chooses its thresholds by itself
        return found
    model = f"{name}/final"
    if drawn.trains_twice:
        model = f"{name}/learn"
        found.append(Step(f"{name}.train-for-thresholds", peer, "train", learn, model, epochs))
    found.append(Step(f"{name}.held-back", peer, "ask", held_back, model, epochs))
    return found


def _peer_of(step: Step) -> str:
    name = step.name.partition(".")[0].removesuffix("-all")
    return name.partition("-")[0] if step.peer == "classifier" else name


def main() -> int:
    """Carry out the steps and write the report with its plots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-topic", type=int, default=12, help="phrases a topic and language in the shared run")
    parser.add_argument("--epochs", type=int, default=100, help="of Rasa's DIET; its default is 300, its starter 100")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--only", nargs="+", choices=PEERS, help="carry out the steps of these peers and stop")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, help="folder of questions kept apart")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for results, report and plots")
    parser.add_argument("--report", type=Path, help="folder for report and plots, if another")
    given = parser.parse_args()
    prepare_environment(get_settings())
    data_dir = get_settings().data_dir
    phrases = project_phrases(data_dir)
    questions = load_questions(given.questions)
    part, whole = draw(phrases, data_dir, given.per_topic, given.seed), draw(phrases, data_dir, None, given.seed)
    curve = {size: draw(phrases, data_dir, size, given.seed).final for size in CURVE}
    planned = steps(part, whole, curve, questions, given.epochs)
    wanted = [each for each in planned if not given.only or _peer_of(each) in given.only]
    try:
        results = Run(given.results.resolve(), wanted).carry_out()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    if given.only:
        return 0
    from benchmarks.report import write_report

    print(write_report(results, planned, given.report or given.results, given.per_topic, given.epochs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
