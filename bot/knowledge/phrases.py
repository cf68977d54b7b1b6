"""Rules for the training phrases in ``data/nlu/{de,en,ja}/<area>.yml``."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge.loader import Topics
from bot.knowledge.problems import Problem
from bot.knowledge.yamlfile import YamlFile, read_yaml
from bot.languages import LANGUAGES

NLU_FOLDER = "nlu"
# fewer phrases than this and a topic is not told apart reliably from its neighbours
MINIMUM_PHRASES = 12
_ANNOTATION = re.compile(r"\[[^\]]+\][({]")


@dataclass(frozen=True)
class Phrase:
    """A training phrase with its place: ``file`` as in problems, ``line`` from 1 (of its intent)."""

    text: str
    intent: str
    language: str
    file: str
    line: int

    @property
    def normalised(self) -> str:
        """The phrase as duplicates are recognised: NFKC, folded case, without punctuation and needless spaces."""
        folded = unicodedata.normalize("NFKC", self.text).casefold()
        kept = "".join(" " if unicodedata.category(sign)[0] in "PSZC" else sign for sign in folded)
        return " ".join(kept.split()) or folded.strip()


def phrase_problems(data_dir: Path, topics: Topics, area: str | None = None) -> list[Problem]:
    """Everything wrong with the training phrases; with ``area`` only what concerns that area."""
    phrases, problems = load_phrases(data_dir)
    if area:
        problems = [problem for problem in problems if Path(problem.file).stem == area]
    problems += _mirrored(data_dir, topics, area)
    problems += _owned(phrases, topics, area)
    problems += _enough(phrases, topics, area)
    problems += _written(phrases, area)
    return problems + _duplicates(phrases, area)


def load_phrases(data_dir: Path) -> tuple[list[Phrase], list[Problem]]:
    """All training phrases of the three languages. Files that cannot be read are left out and told."""
    phrases: list[Phrase] = []
    problems: list[Problem] = []
    for language in LANGUAGES:
        for path in sorted((data_dir / NLU_FOLDER / language).glob("*.yml")):
            file, found = read_yaml(path, f"{NLU_FOLDER}/{language}/{path.name}")
            problems += found
            if file is not None:
                read, found = _read(file, language)
                phrases += read
                problems += found
    return phrases, problems


def _read(file: YamlFile, language: str) -> tuple[list[Phrase], list[Problem]]:
    entries = file.data.get("nlu") if isinstance(file.data, dict) else None
    if not isinstance(entries, list):
        return [], [Problem(file.name, "", "", "There is no list `nlu:` in the file.", "See the other files.")]
    phrases: list[Phrase] = []
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        line = file.line_of(["nlu", number])
        intent = str(entry.get("intent", "")) if isinstance(entry, dict) else ""
        examples = entry.get("examples") if isinstance(entry, dict) else None
        if not intent or not isinstance(examples, str):
            mend = "Form: `- intent: area/topic` and `examples: |` with one '- ' line a phrase."
            problems.append(Problem(file.name, intent, "", "The entry is not an intent with examples.", mend, line))
            continue
        for written in filter(None, map(str.strip, examples.splitlines())):
            if written.startswith("- ") and written[2:].strip():
                phrases.append(Phrase(written[2:].strip(), intent, language, file.name, line))
            else:
                message = f"The line '{written[:40]}' is not a phrase."
                problems.append(Problem(file.name, intent, "", message, "Begin each phrase with '- '.", line))
    return phrases, problems


def _mirrored(data_dir: Path, topics: Topics, area: str | None) -> list[Problem]:
    names = {
        language: {path.name for path in (data_dir / NLU_FOLDER / language).glob("*.yml")} for language in LANGUAGES
    }
    wanted = {f"{area}.yml"} if area else {f"{each}.yml" for each in topics}.union(*names.values())
    mend = "Write it: the same files in each language."
    return [
        Problem(f"{NLU_FOLDER}/{language}/{name}", "", "", "The file is missing.", mend)
        for name in sorted(wanted)
        for language in LANGUAGES
        if name not in names[language]
    ]


def _owned(phrases: list[Phrase], topics: Topics, area: str | None) -> list[Problem]:
    problems = []
    for file, intent, line in sorted({(each.file, each.intent, each.line) for each in phrases}):
        stem = Path(file).stem
        intent_area, _, topic = intent.partition("/")
        if area not in (None, stem, intent_area) or (not topic and stem not in topics):
            continue
        if intent_area != stem:
            problems.append(Problem(file, intent, "", "The intent belongs to another file.", "Move it there.", line))
        elif topic not in topics.get(intent_area, ()):
            mend = "Mend its name, or add the topic to topics.yml."
            problems.append(Problem(file, intent, "", "There is no such topic.", mend, line))
    return problems


def _enough(phrases: list[Phrase], topics: Topics, area: str | None) -> list[Problem]:
    counts = Counter((each.language, each.intent) for each in phrases)
    present = {(each.language, Path(each.file).stem) for each in phrases}
    return [
        Problem(
            f"{NLU_FOLDER}/{language}/{each}.yml",
            f"{each}/{topic}",
            "",
            f"{counts[language, f'{each}/{topic}']} phrases, at least {MINIMUM_PHRASES} are needed.",
            "Write more, of different kinds.",
        )
        for each in ([area] if area else topics)
        for language in LANGUAGES
        if (language, each) in present
        for topic in topics[each]
        if counts[language, f"{each}/{topic}"] < MINIMUM_PHRASES
    ]


def _written(phrases: list[Phrase], area: str | None) -> list[Problem]:
    problems = []
    for phrase in phrases:
        if area not in (None, Path(phrase.file).stem):
            continue
        if phrase.text.startswith("/"):
            message, mend = f"'{phrase.text[:40]}' begins with '/'.", "Rasa takes it for a command: write it otherwise."
            problems.append(Problem(phrase.file, phrase.intent, "", message, mend, phrase.line))
        if _ANNOTATION.search(phrase.text):
            message, mend = f"'{phrase.text[:40]}' has an annotation.", "Places are found without: write plain text."
            problems.append(Problem(phrase.file, phrase.intent, "", message, mend, phrase.line))
    return problems


def _duplicates(phrases: list[Phrase], area: str | None) -> list[Problem]:
    first: dict[str, Phrase] = {}
    problems = []
    for phrase in phrases:
        other = first.setdefault(phrase.normalised, phrase)
        concerned = area is None or area in (Path(phrase.file).stem, Path(other.file).stem)
        if other is phrase or not concerned:
            continue
        # the same word in two languages teaches the same topic twice: harmless, though no gain
        warning = other.intent == phrase.intent and other.language != phrase.language
        message = f"'{phrase.text[:60]}' stands already in {other.file}, {other.intent}."
        mend = "Keep it where it belongs." if other.intent != phrase.intent else "Write another phrase in its place."
        problems.append(Problem(phrase.file, phrase.intent, "", message, mend, phrase.line, warning))
    return problems
