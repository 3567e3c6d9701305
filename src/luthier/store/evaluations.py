"""Evaluations that are done, newest first, with what came of their cases; votes on them; and gates."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, delete, insert, select

from luthier.domain.evaluations import CaseOutcome, Choice, Evaluation, EvaluationNotFound
from luthier.domain.gates import Gate
from luthier.store.references import ids_beginning
from luthier.store.tables import blind_votes, evaluations, gates

_OUTCOMES: TypeAdapter[tuple[CaseOutcome, ...]] = TypeAdapter(tuple[CaseOutcome, ...])


class Evaluations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.changed: set[str] = set()  # in this transaction, by id
        self.has_changed_gates = False  # in this transaction

    def add(self, evaluation: Evaluation, outcomes: Sequence[CaseOutcome]) -> None:
        self._connection.execute(
            insert(evaluations).values(
                evaluation_id=evaluation.evaluation_id,
                suite=evaluation.suite,
                target_version=evaluation.target_version,
                body=evaluation.model_dump_json(),
                outcomes=_OUTCOMES.dump_json(tuple(outcomes)).decode(),
            )
        )
        self.changed.add(evaluation.evaluation_id)

    def get(self, evaluation_id: str) -> Evaluation | None:
        found = self._where(evaluations.c.evaluation_id == evaluation_id)
        return found[0] if found else None

    def find(self, reference: str) -> Evaluation:
        """By id, or by its beginning when only one begins so. Raises EvaluationNotFound."""
        found = self.get(reference)
        if found is None:
            candidates = ids_beginning(self._connection, evaluations.c.evaluation_id, "eval", reference)
            found = self.get(candidates[0]) if len(candidates) == 1 else None
        if found is None:
            raise EvaluationNotFound(name=reference)
        return found

    def outcomes(self, evaluation_id: str) -> tuple[CaseOutcome, ...]:
        statement = select(evaluations.c.outcomes).where(evaluations.c.evaluation_id == evaluation_id)
        return _OUTCOMES.validate_json(self._connection.scalars(statement).one())

    def list(self, suite: str | None = None, target_version: str | None = None) -> "list[Evaluation]":
        conditions = [] if suite is None else [evaluations.c.suite == suite]
        conditions += [] if target_version is None else [evaluations.c.target_version == target_version]
        return list(self._where(*conditions))

    def remove(self, evaluation_id: str) -> None:
        self._connection.execute(delete(blind_votes).where(blind_votes.c.evaluation_id == evaluation_id))
        self._connection.execute(delete(evaluations).where(evaluations.c.evaluation_id == evaluation_id))
        self.changed.add(evaluation_id)

    # ── votes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def vote(self, evaluation_id: str, case_id: str, choice: Choice) -> None:
        """Takes the place of an earlier vote on the case."""
        self._connection.execute(
            delete(blind_votes).where(blind_votes.c.evaluation_id == evaluation_id, blind_votes.c.case_id == case_id)
        )
        self._connection.execute(
            insert(blind_votes).values(evaluation_id=evaluation_id, case_id=case_id, choice=choice)
        )
        self.changed.add(evaluation_id)

    def votes(self, evaluation_id: str) -> dict[str, Choice]:
        """By case."""
        statement = select(blind_votes.c.case_id, blind_votes.c.choice)
        rows = self._connection.execute(statement.where(blind_votes.c.evaluation_id == evaluation_id))
        return {row.case_id: row.choice for row in rows}

    # ── gates ────────────────────────────────────────────────────────────────────────────────────────────────────

    def gates(self) -> tuple[Gate, ...]:
        rows = self._connection.execute(select(gates).order_by(gates.c.suite))
        return tuple(Gate(suite=row.suite, allowed_drop=row.allowed_drop) for row in rows)

    def put_gate(self, gate: Gate) -> None:
        self.drop_gate(gate.suite)
        self._connection.execute(insert(gates).values(**gate.model_dump()))

    def drop_gate(self, suite: str) -> bool:
        """Whether there was one."""
        self.has_changed_gates = True
        return bool(self._connection.execute(delete(gates).where(gates.c.suite == suite)).rowcount)

    def _where(self, *conditions: ColumnElement[bool]) -> Sequence[Evaluation]:
        statement = select(evaluations.c.body).where(*conditions).order_by(evaluations.c.seq.desc())
        return [Evaluation.model_validate_json(body) for body in self._connection.scalars(statement)]
