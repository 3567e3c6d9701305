"""How near one text is to another, from 0 to 1: BLEU, ROUGE-L and chrF as their reference programs compute them."""

import re
from collections import Counter
from collections.abc import Sequence
from math import exp, log

_BLEU_ORDER = 4
_CHRF_ORDER = 6
_CHRF_BETA = 2
_ENTITIES = {"&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">"}
_13A = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)


def bleu(expected: str, answer: str) -> float:
    """Of one sentence: 13a tokens, exponential smoothing, only orders that the answer has (sacreBLEU's defaults)."""
    wanted, said = _tokens_13a(expected), _tokens_13a(answer)
    smooth, logs = 1.0, []
    for order in range(1, min(_BLEU_ORDER, len(said)) + 1):
        grams = _grams(said, order)
        matches = (grams & _grams(wanted, order)).total()
        if order == 1 and matches == 0:
            return 0.0
        smooth *= 1 if matches else 2
        logs.append(log((matches or 1 / smooth) / grams.total()))
    if not logs:
        return 0.0
    brevity = 1.0 if len(said) > len(wanted) else exp(1 - len(wanted) / len(said))
    return brevity * exp(sum(logs) / len(logs))


def chrf(expected: str, answer: str) -> float:
    """F2 of the sequences of one to six characters, white space left out (Popović 2015; sacreBLEU's chrF2)."""
    wanted, said = "".join(expected.split()), "".join(answer.split())
    precisions, recalls = [], []
    for order in range(1, _CHRF_ORDER + 1):
        of_wanted, of_said = _grams(wanted, order), _grams(said, order)
        if of_wanted and of_said:
            matches = (of_said & of_wanted).total()
            precisions.append(matches / of_said.total())
            recalls.append(matches / of_wanted.total())
    if not sum(precisions) + sum(recalls):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    factor = _CHRF_BETA**2
    return (1 + factor) * precision * recall / (factor * precision + recall)


def rouge_l(expected: str, answer: str) -> float:
    """F1 of the longest common subsequence of words, without stemming (Lin 2004)."""
    wanted, said = words_of(expected), words_of(answer)
    common = _longest_common(wanted, said)
    if not common:
        return 0.0
    precision, recall = common / len(said), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def unrepeated(answer: str) -> float:
    """The share of its sequences of four words that did not come before; 1 for what is shorter."""
    words = words_of(answer)
    sequences = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
    return len(set(sequences)) / len(sequences) if sequences else float(bool(answer.strip()))


def _tokens_13a(text: str) -> list[str]:
    """The tokens of mteval-v13a, which papers compare by."""
    line = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, character in _ENTITIES.items():
        line = line.replace(entity, character)
    line = f" {line} "
    for pattern, replacement in _13A:
        line = pattern.sub(replacement, line)
    return line.split()


def _grams(items: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(items[at : at + order]) for at in range(len(items) - order + 1))


def _longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    row = [0] * (len(second) + 1)
    for one in first:
        diagonal = 0
        for at, other in enumerate(second, 1):
            diagonal, row[at] = row[at], diagonal + 1 if one == other else max(row[at], row[at - 1])
    return row[-1]
