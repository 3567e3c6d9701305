"""The few figures of an evaluation that stand for it in lists, tables and versions."""

from luthier.domain.evaluations import EvaluationReport


def headline(report: EvaluationReport) -> dict[str, object]:
    """The few figures that lists and tables show."""
    figures: dict[str, object] = {"base_loss": report.base_loss, "tuned_loss": report.tuned_loss}
    if report.reward is not None:
        figures |= {"base_reward": report.reward.base, "tuned_reward": report.reward.tuned}
    if report.comparison:
        figures |= {
            "scorer": report.scorer,
            "base_share": report.comparison.base.share,
            "tuned_share": report.comparison.tuned.share,
            "answered": report.comparison.tuned.total,
            "better": report.comparison.better,
        }
    return figures
