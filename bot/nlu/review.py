"""Real questions that were not answered at once, made ready to become training phrases.

Only what several users asked is shown, and only words that several used or that the project's own texts hold anyway:
a name that nobody else wrote is left out, wherever it stands. What the case knows to be personal is gone before.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from sklearn.cluster import AgglomerativeClustering

from bot.nlu.text import fold, has_words
from bot.nlu.tokens import blank_pipeline
from cases.personal import MASK
from cases.unanswered import UnansweredQuestion

LEAST_CASES = 2  # what only one user asked could tell who that was
LONGEST = 200  # characters; longer texts tell a story, and make no phrase
MOST_LEFT_OUT = 1 / 3  # of the words of a text
# of the cosine; on training phrases, 6 of a topic and language, four of five in a group then share their topic
FARTHEST = 0.4

# beside what cases.personal knows: postcodes, dates of birth, numbers of any kind
_NUMBERS = re.compile(r"\d[\d.,/-]{2,}\d|\d{4,}")
_AMOUNT = re.compile(r"\d{1,3}(?:[.,]\d{3})+|20\d\d")


@dataclass(frozen=True)
class Group:
    """Questions that lie close together, from at least ``LEAST_CASES`` cases."""

    questions: tuple[UnansweredQuestion, ...]

    @property
    def cases(self) -> int:
        """In how many cases they were asked."""
        return len({each.case_id for each in self.questions})

    @property
    def outcomes(self) -> Counter[str]:
        """How they were met."""
        return Counter(str(each.outcome) for each in self.questions)

    @property
    def chosen(self) -> Counter[str]:
        """Topics that users took from the suggestions."""
        return Counter(each.chosen for each in self.questions if each.chosen)

    @property
    def offered(self) -> Counter[str]:
        """Topics that were suggested first."""
        return Counter(each.offered for each in self.questions if each.offered)


def words(text: str, language: str) -> list[tuple[int, int, str]]:
    """Words of a text with start and end, folded; signs and white space are none."""
    document = blank_pipeline(language)(text)
    return [
        (token.idx, token.idx + len(token.text), fold(token.text))
        for token in document
        if has_words(token.text) or any(sign.isdigit() for sign in token.text)
    ]


def known_words(texts: Iterable[tuple[str, str]]) -> frozenset[str]:
    """All words of texts, each given with its language."""
    return frozenset(word for text, language in texts for _, _, word in words(text, language))


def without_rare_words(
    questions: Sequence[UnansweredQuestion], known: frozenset[str], least_cases: int = LEAST_CASES
) -> list[UnansweredQuestion]:
    """The questions with words left out that neither the project's texts nor enough cases hold.

    What is too long, or of which too much is left out, is dropped.
    """
    cases_of: dict[str, set[int]] = {}
    for each in questions:
        for _, _, word in words(each.text, each.language):
            cases_of.setdefault(word, set()).add(each.case_id)
    usual = known | {word for word, cases in cases_of.items() if len(cases) >= least_cases}
    found = []
    for each in questions:
        text = _left_out(_without_numbers(each.text), each.language, usual)
        left_out, left = text.count(MASK), len(words(text.replace(MASK, " "), each.language))
        if len(text) <= LONGEST and left and left_out <= MOST_LEFT_OUT * (left + left_out):
            found.append(_with_text(each, text))
    return found


def _without_numbers(text: str) -> str:
    return _NUMBERS.sub(lambda match: match.group() if _AMOUNT.fullmatch(match.group()) else MASK, text)


def _left_out(text: str, language: str, usual: frozenset[str]) -> str:
    for start, end, word in reversed(words(text, language)):
        if word not in usual:
            text = text[:start] + MASK + text[end:]
    # a name of several words is one gap
    return re.sub(rf"(?:{re.escape(MASK)}[\s・.-]*)+{re.escape(MASK)}", MASK, text)


def _with_text(question: UnansweredQuestion, text: str) -> UnansweredQuestion:
    return UnansweredQuestion(
        question.case_id, text, question.language, question.outcome, question.offered, question.chosen
    )


def grouped(
    questions: Sequence[UnansweredQuestion],
    encode: Callable[[list[str]], "npt.NDArray[np.float32]"],
    least_cases: int = LEAST_CASES,
) -> list[Group]:
    """Groups of questions by the cosine of their vectors, whatever the language; asked in most cases first.

    Average linkage: two groups become one while their members are near on average. Groups from fewer cases than
    ``least_cases`` are left out.
    """
    if len(questions) < 2:
        return []
    vectors = encode([each.text.replace(MASK, " ") for each in questions])
    clustering = AgglomerativeClustering(
        n_clusters=None, affinity="cosine", linkage="average", distance_threshold=FARTHEST
    )
    members: dict[int, list[UnansweredQuestion]] = {}
    for question, number in zip(questions, clustering.fit_predict(vectors), strict=True):
        members.setdefault(int(number), []).append(question)
    groups = [Group(tuple(each)) for each in members.values()]
    kept = [group for group in groups if group.cases >= least_cases]
    return sorted(kept, key=lambda group: (-group.cases, -len(group.questions)))


def as_phrases(group: Group, topic: str, phrases: frozenset[str]) -> str:
    """A group as blocks for ``data/nlu``, with comments; what is a phrase already (``phrases``, folded) is left out."""
    outcomes = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in group.outcomes.most_common())
    lines = [f"# {len(group.questions)} questions in {group.cases} cases: {outcomes}"]
    for title, topics in (("chosen afterwards", group.chosen), ("suggested first", group.offered)):
        if topics:
            lines.append(f"# {title}: " + ", ".join(f"{name} ({count})" for name, count in topics.most_common(3)))
    texts = list(dict.fromkeys((each.language, each.text) for each in group.questions))
    for language in sorted({language for language, _ in texts}):
        mine = [text for of, text in texts if of == language]
        ready = [text for text in mine if MASK not in text and fold(text) not in phrases]
        gaps = [text for text in mine if MASK in text]
        if ready:
            lines += [f"# data/nlu/{language}/{_file(topic)}.yml", _block(topic, ready)]
        if gaps:
            lines += [f"# in {language}, with words left out: {text}" for text in gaps]
    return "\n".join(lines)


def _file(topic: str) -> str:
    return topic.split("/")[0] if "/" in topic else "off_topic"


def _block(topic: str, texts: Sequence[str]) -> str:
    block = [{"intent": topic, "examples": _Literal("".join(f"- {text}\n" for text in texts))}]
    dumped = yaml.dump(block, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return "\n".join(f"  {line}" if line else line for line in dumped.rstrip().splitlines())


class _Literal(str):
    """A text that YAML shows as it stands."""


class _Dumper(yaml.SafeDumper):
    pass


def _literal(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")


_Dumper.add_representer(_Literal, _literal)


def likely_topic(group: Group, ranked: Mapping[str, str]) -> str:
    """The topic that users chose most often, else the one suggested most often, else what the model ranks first."""
    topics = group.chosen or group.offered or Counter(ranked[each.text] for each in group.questions)
    return topics.most_common(1)[0][0]
