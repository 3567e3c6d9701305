"""DeepEval with a judge that asks for every verdict; tells score and reason of each answer."""

from typing import Any

from channel import Channel, Document
from deepeval import metrics
from deepeval.models import DeepEvalBaseLLM
from deepeval.test_case import LLMTestCase, SingleTurnParams


class Judge(DeepEvalBaseLLM):
    """A model that lives on the other side of the channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.place = {"at": 0, "of": 0}
        super().__init__("luthier")

    def load_model(self) -> "Judge":
        return self

    def get_model_name(self) -> str:
        return "luthier"

    def generate(self, prompt: str, schema: Any = None) -> str:
        return str(self._channel.ask({"prompt": prompt, "is_json": schema is not None, **self.place})["text"])

    async def a_generate(self, prompt: str, schema: Any = None) -> str:
        return self.generate(prompt, schema)


def result(channel: Channel, wanted: Document) -> Document:
    judge = Judge(channel)
    marks = {}
    for at, each in enumerate(wanted["answers"]):
        judge.place = {"at": at, "of": len(wanted["answers"])}
        marks[each["key"]] = mark(judge, each)
    return marks


def mark(judge: Judge, each: Document) -> Document:
    """A judge that does not keep to the form, or an empty answer, gives no score."""
    case = LLMTestCase(
        input=each["question"],
        actual_output=each["answer"],
        expected_output=each["expected"] or None,
        context=each["context"],
        retrieval_context=each["context"],
    )
    metric = metric_of(judge, each)
    try:
        metric.measure(case, _show_indicator=False)
    except Exception as error:  # noqa: BLE001 - a rim: one verdict that fails must not end the others
        return {"score": None, "reason": f"{type(error).__name__}: {error}"}
    return {"score": metric.score, "reason": metric.reason or ""}


def metric_of(judge: Judge, each: Document) -> Any:
    if each["metric"] is not None:
        return getattr(metrics, each["metric"])(model=judge, async_mode=False)
    reads = [SingleTurnParams.INPUT, SingleTurnParams.ACTUAL_OUTPUT]
    if each["expected"]:
        reads.append(SingleTurnParams.EXPECTED_OUTPUT)
    criterion = each["criterion"]
    return metrics.GEval(name="criterion", criteria=criterion, evaluation_params=reads, model=judge, async_mode=False)
