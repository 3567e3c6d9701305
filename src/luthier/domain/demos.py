"""Demos: a page made with Gradio on which a version can be tried, in a folder of its own that runs anywhere."""

from typing import Literal

from luthier.domain.errors import Action, MissingPart, NotFound, WorkFailed, WrongUsage
from luthier.kit.frozen import Frozen
from luthier.kit.processes import ProcessIdentity

Inputs = Literal["chat", "text"]
Outputs = Literal["text", "json"]


class DemoWanted(Frozen):
    title: str = ""  # by default the version's label
    inputs: Inputs = "chat"  # a conversation, or one text
    outputs: Outputs = "text"  # json shows what the answer holds
    most_tokens: int = 256
    temperature: float = 0.0


class DemoFacts(Frozen):
    """demo.json: all that app.py reads."""

    title: str
    description: str
    model: str  # as /v1 knows it
    address: str  # of /v1; not asked when model_file lies beside app.py
    model_file: str = ""
    system_prompt: str = ""
    examples: tuple[str, ...] = ()
    inputs: Inputs
    outputs: Outputs
    most_tokens: int
    temperature: float


class RunningDemo(Frozen):
    """running.json: while it runs."""

    process: ProcessIdentity
    url: str


class Demo(Frozen):
    version_id: str
    folder: str
    facts: DemoFacts
    url: str = ""  # while it runs


def demo_wanted(inputs: str, outputs: str, title: str = "") -> DemoWanted:
    """Raises DemoKindWrong."""
    try:
        return DemoWanted.model_validate({"inputs": inputs, "outputs": outputs, "title": title})
    except ValueError:
        raise DemoKindWrong(inputs=inputs, outputs=outputs) from None


class DemoKindWrong(WrongUsage):
    code = "demos.kind_wrong"
    sentence = "A demo cannot take {inputs} and show {outputs}: it takes chat or text, and shows text or json."
    actions = (Action(label="Choose of these", command="luthier versions demo VERSION --inputs text --outputs json"),)


class DemoNotFound(NotFound):
    code = "demos.not_found"
    sentence = "There is no demo of {version} yet."
    actions = (Action(label="Write one", command="luthier versions demo {version}"),)


class DemoNeedsFile(WrongUsage):
    code = "demos.no_file"
    sentence = "{export} is no export of {version} as one GGUF file."
    actions = (Action(label="Make one", command="luthier exports make {version} --to gguf"),)


class GradioMissing(MissingPart):
    code = "demos.gradio_missing"
    sentence = "The demo in {folder} runs on Gradio, which is not installed here."
    actions = (
        Action(label="Install it for all demos", command="pip install 'luthier[gradio]'"),
        Action(
            label="Or for this one alone, in its own environment",
            command="python -m venv {folder}/.venv && {folder}/.venv/bin/pip install -r {folder}/requirements.txt",
        ),
    )


class DemoFailed(WorkFailed):
    code = "demos.failed"
    sentence = "The demo of {version} did not start: {reason}."
    actions = (
        Action(label="Look at what it wrote, in the details"),
        Action(label="Write it anew", command="luthier versions demo {version}"),
    )
