"""Facts that the detectors go by: reasons with their weights, patterns, phrases, characters, and common words."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from luthier.kit.frozen import Frozen

CheckName = Literal["", "luhn", "iban", "global_ip", "us_ssn", "es_dni", "it_fiscal", "fr_nir", "br_cpf", "cn_resident"]


class ReasonFact(Frozen):
    code: str
    title: str
    weight: float
    sentence: str  # with {detail}, {row} and {characters} where these are known
    advice: str


class PrivateFact(Frozen):
    """One kind of personal data or secret. Earlier kinds win where two overlap."""

    kind: str
    words: str  # as it is said in a sentence, with its article
    pattern: str
    source: str
    secret: bool = False
    needs: tuple[str, ...] = ()  # one of these stands in every match: looked for first, because that is cheap
    digits: int = 0  # at least so many stand in every match, no more than three other characters apart
    check: CheckName = ""
    group: int = 0  # of the pattern: what is private in the match
    least_entropy: float = 0.0  # bits per character


class EsDni(Frozen):
    letters: str
    source: str


class ItFiscal(Frozen):
    odd_places: tuple[int, ...]
    source: str


class CnResident(Frozen):
    weights: tuple[int, ...]
    letters: str
    source: str


class ChecksumFacts(Frozen):
    es_dni: EsDni
    it_fiscal: ItFiscal
    cn_resident: CnResident


class Phrase(Frozen):
    pattern: str
    needs: tuple[str, ...]  # in small letters; one of these stands in every match
    source: str
    begins: bool = False  # counts only where the text begins with it


class PhraseFacts(Frozen):
    refusals: tuple[Phrase, ...]
    injections: tuple[Phrase, ...]
    unrendered: tuple[Phrase, ...]
    markers: tuple[Phrase, ...]
    fill_ins: tuple[Phrase, ...]


class CharacterRange(Frozen):
    first: int
    last: int
    name: str


class CharacterFacts(Frozen):
    invisible: tuple[CharacterRange, ...]
    bidirectional: tuple[CharacterRange, ...]
    scripts: tuple[CharacterRange, ...]


class Language(Frozen):
    name: str
    script: str
    words: str  # parted by blanks


class LanguageFacts(Frozen):
    of_script: dict[str, str]  # where the script alone tells
    languages: tuple[Language, ...]


@cache
def reason_facts() -> dict[str, ReasonFact]:
    """By code; their order is that of the file, and never changes within one version of the detectors."""
    return {entry["code"]: ReasonFact.model_validate(entry) for entry in _read("reasons.toml")["reasons"]}


@cache
def detectors_version() -> int:
    return int(_read("reasons.toml")["version"])


@cache
def private_facts() -> tuple[PrivateFact, ...]:
    documents = (_read("secrets.toml"), _read("private.toml"))
    return tuple(PrivateFact.model_validate(entry) for document in documents for entry in document["kinds"])


@cache
def checksum_facts() -> ChecksumFacts:
    return ChecksumFacts.model_validate(_read("checksums.toml"))


@cache
def phrase_facts() -> PhraseFacts:
    return PhraseFacts.model_validate(_read("phrases.toml"))


@cache
def character_facts() -> CharacterFacts:
    return CharacterFacts.model_validate(_read("characters.toml"))


@cache
def language_facts() -> LanguageFacts:
    return LanguageFacts.model_validate(_read("languages.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
