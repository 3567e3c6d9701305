"""Gates: whether a version may take the place of another, by the suites on which it may not get worse."""

import shlex
from collections.abc import Sequence

from luthier.domain.evaluations import Evaluation
from luthier.domain.gates import Gate, GateCheck, GateNotFound, GateVerdict, PromotionRefused
from luthier.evaluation.differences import paired_test
from luthier.evaluation.figures import case_score
from luthier.services.evaluation_harness import is_of_harness
from luthier.services.suites import Suites
from luthier.store import Store, Transaction


class Gates:
    def __init__(self, store: Store, suites: Suites) -> None:
        self._store = store
        self._suites = suites

    def list(self) -> tuple[Gate, ...]:
        with self._store.reading() as tx:
            return tx.evaluations.gates()

    def put(self, suite: str, allowed_drop: float = 0.0) -> Gate:
        """From now on the suite is gated. Raises what an unknown suite raises."""
        name = suite if is_of_harness(suite) else self._suites.get(suite).name
        gate = Gate(suite=name, allowed_drop=allowed_drop)
        with self._store.writing() as tx:
            tx.evaluations.put_gate(gate)
        return gate

    def remove(self, suite: str) -> None:
        """Raises GateNotFound."""
        with self._store.writing() as tx:
            if not tx.evaluations.drop_gate(suite):
                raise GateNotFound(suite=suite)

    def verdict(self, version_id: str, champion_id: str | None = None) -> GateVerdict:
        """By what was measured; nothing is asked now. Without a champion there is nothing to be worse than.

        A suite that was not run on both does not pass. Raises VersionNotFound.
        """
        with self._store.reading() as tx:
            version = tx.versions.find(version_id)
            champion = tx.versions.find(champion_id) if champion_id else None
            same = champion is not None and champion.version_id == version.version_id
            checks = tuple(
                _check(tx, gate, (version.version_id, version.label), (champion.version_id, champion.label))
                for gate in tx.evaluations.gates()
                if champion is not None and not same
            )
        return GateVerdict(
            passed=all(check.passed for check in checks),
            version=version.label,
            champion=champion.label if champion else None,
            checks=checks,
        )

    def require(self, version_id: str, champion_id: str | None = None) -> GateVerdict:
        """The verdict. Raises PromotionRefused when it is no."""
        verdict = self.verdict(version_id, champion_id)
        if not verdict.passed:
            failed = next(check for check in verdict.checks if not check.passed)
            command = failed.command or f"luthier evaluations list --suite {shlex.quote(failed.suite)}"
            raise PromotionRefused(version=verdict.version, reason=verdict.sentence, command=command)
        return verdict


def _check(tx: Transaction, gate: Gate, candidate: tuple[str, str], champion: tuple[str, str]) -> GateCheck:
    own, other = _scores(tx, gate.suite, *candidate), _scores(tx, gate.suite, *champion)
    shared = [case_id for case_id in own if case_id in other]
    if not shared:
        label = champion[1] if own else candidate[1]
        command = f"luthier evaluations run {candidate[1]} --suite {shlex.quote(gate.suite)} --against {champion[1]}"
        return GateCheck(
            suite=gate.suite,
            passed=False,
            sentence=f"The gated suite {gate.suite} was not run on {label} yet.",
            allowed_drop=gate.allowed_drop,
            command=command,
        )
    difference = paired_test([own[each] for each in shared], [other[each] for each in shared])
    passed = difference.value >= -gate.allowed_drop - 1e-12
    points, low, high = (100 * each for each in (difference.value, difference.interval.low, difference.interval.high))
    return GateCheck(
        suite=gate.suite,
        passed=passed,
        sentence=f"On {gate.suite} {candidate[1]} has {points:+.1f} points against {champion[1]} ({len(shared)} cases, "
        f"95 % interval {low:+.1f} to {high:+.1f}; at most {100 * gate.allowed_drop:.1f} may be lost).",
        difference=difference.value,
        allowed_drop=gate.allowed_drop,
    )


def _scores(tx: Transaction, suite: str, version_id: str, label: str) -> dict[str, float]:
    """By case, from the newest evaluation of the suite in which the version was asked, as either of the two."""
    newest = next((each for each in _of(tx, suite) if version_id in (each.target_version, each.against_version)), None)
    if newest is None:
        return {}
    is_target = newest.target_version == version_id
    scores = (
        (outcome.case_id, case_score(outcome.scores if is_target else outcome.against_scores))
        for outcome in tx.evaluations.outcomes(newest.evaluation_id)
    )
    return {f"{newest.suite_sha256}/{case_id}": score for case_id, score in scores if score is not None}


def _of(tx: Transaction, suite: str) -> Sequence[Evaluation]:
    return tx.evaluations.list(suite)
