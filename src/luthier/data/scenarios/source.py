"""Scenarios as a source of examples: rows in the shape of messages, with what was found in the file."""

from collections.abc import Iterator

from luthier.data.readers.content import Content
from luthier.data.readers.rows import Row, moved
from luthier.data.scenarios.convert import document_of, examples_of
from luthier.data.scenarios.files import LARGEST_BYTES, decoded
from luthier.data.scenarios.grammar import Grammar, built_in_grammar, grammar_for
from luthier.data.scenarios.read import read_scenario
from luthier.domain.findings import Finding
from luthier.domain.scenarios import Speaker


def scenario_rows(content: Content) -> Iterator[Row]:
    """One row for each answer of the DM; one without a value when the file has errors.

    A grammar that lies beside the file is used; what comes out of an archive has the built-in one.
    """
    text = decoded(content.whole(LARGEST_BYTES))
    grammar = grammar_for(content.path) if content.path is not None else built_in_grammar()
    yield from [_broken((text,))] if isinstance(text, Finding) else _rows(text, grammar)


def _rows(text: str, grammar: Grammar) -> Iterator[Row]:
    reading = read_scenario(text, grammar)
    if reading.scenario is None:
        yield _broken(reading.findings)
        return
    dm_lines = [turn.line for turn in reading.scenario.turns if turn.speaker is Speaker.DM]
    findings = tuple(moved(finding, row=1) for finding in reading.findings)
    for example, line in zip(examples_of(reading.scenario, grammar), dm_lines, strict=True):
        yield Row(example.row, line, document_of(example), findings)
        findings = ()  # said once, with the first row


def _broken(findings: tuple[Finding, ...]) -> Row:
    return Row(1, findings[0].place.line, None, tuple(moved(finding, row=1) for finding in findings))
