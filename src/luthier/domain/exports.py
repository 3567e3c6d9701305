"""Exports: a version as others run it, in which form, and the proof that it is the same model there."""

import re
from datetime import datetime
from typing import Literal

from luthier.domain.background import WorkState
from luthier.domain.errors import Action, MissingPart, ModelProblem, NotAllowedNow, NotFound, Problem, WorkFailed
from luthier.domain.jobs import Progress
from luthier.domain.parity import ParityReport
from luthier.kit.frozen import Frozen

Form = Literal["gguf", "gguf-adapter", "hub", "merged", "ollama", "lmstudio", "cactus"]
FORMS: dict[Form, str] = {
    "gguf": "one file for llama.cpp and everything built on it",
    "gguf-adapter": "the adapter alone, for llama.cpp beside its base",
    "hub": "a folder for transformers and PEFT, with a model card, ready for a hub",
    "merged": "a whole model for transformers, the adapter worked into its weights",
    "ollama": "a GGUF file with a Modelfile, brought into Ollama when it runs here",
    "lmstudio": "a GGUF file in the folders that LM Studio looks into",
    "cactus": "the package for phones, made by the cactus command",
}
IN_LLAMA: frozenset[Form] = frozenset({"gguf", "gguf-adapter", "ollama", "lmstudio"})

_USUAL, _USUAL_OF_ADAPTERS = "Q8_0", "F16"


class ExportRequest(Frozen):
    form: Form
    quant: str = "Q8_0"  # kind of GGUF
    at_most_bytes: int | None = None  # then each tensor gets the type that keeps the most within this
    allow_pruning: bool = False  # layers may go when the coarsest types are still larger than that

    @classmethod
    def of(
        cls, form: Form, quant: str | None = None, at_most_bytes: int | None = None, allow_pruning: bool = False
    ) -> "ExportRequest":
        """With the usual kind of the form when none is asked for."""
        usual = _USUAL_OF_ADAPTERS if form == "gguf-adapter" else _USUAL
        return cls(form=form, quant=quant or usual, at_most_bytes=at_most_bytes, allow_pruning=allow_pruning)


class ExportJob(Frozen):
    """job.json: what the processes of an export are told. Paths are absolute."""

    request: ExportRequest
    name: str  # label of the version
    licence: str
    base_name: str
    base_folder: str  # of the model itself when the version is a whole model
    adapter_folder: str | None
    system_prompt: str | None  # what it was trained with, when that was always the same
    examples_file: str  # canonical; asked about in the parity check
    questions: int
    answer_tokens: int
    context: int  # tokens, in the parity check
    threads: int

    @property
    def stem(self) -> str:
        """Of the files' names."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-.")


class Written(Frozen):
    """What the process that writes the files reports."""

    main: str  # relative to the folder of files
    types: dict[str, int] = {}


class ExportFile(Frozen):
    name: str  # relative to the export's folder
    bytes: int
    sha256: str


class Pruned(Frozen):
    """Layers that were left out so that a limit could be met, and what that alone cost."""

    layers: tuple[int, ...]  # the first is 1
    of: int
    tuned_perplexity: float  # of the whole tuned model, on the expected answers
    perplexity: float  # without these layers, before anything is quantised


class Performance(Frozen):
    """On the machine that made it."""

    runner: str
    load_seconds: float
    prompt_tokens_per_second: float
    tokens_per_second: float
    memory_bytes: int


class Export(Frozen):
    export_id: str
    version: str  # label
    version_id: str
    request: ExportRequest
    state: WorkState
    begun_at: datetime
    progress: Progress | None = None
    problem: Problem | None = None
    folder: str = ""  # absolute; where its files are once it is done
    files: tuple[ExportFile, ...] = ()
    types: dict[str, int] = {}  # type of tensors -> weights kept in it
    pruned: Pruned | None = None
    parity: tuple[ParityReport, ...] = ()
    performance: Performance | None = None
    commands: tuple[str, ...] = ()  # that run it
    seconds: float = 0.0
    notes: tuple[str, ...] = ()  # what a person should know

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


class ExportNotFound(NotFound):
    code = "exports.not_found"
    sentence = "No export is called {name}."
    actions = (Action(label="See all exports", command="luthier exports list"),)


class ExportFileNotFound(NotFound):
    code = "exports.file_not_found"
    sentence = "The export {export} has no file {name}."
    actions = (Action(label="See its files", command="luthier exports show {export}"),)


class ExportBusy(NotAllowedNow):
    code = "exports.busy"
    sentence = "This export of {version} is still being made, so it cannot be removed."
    actions = (Action(label="Call it off first", command="luthier exports cancel {export}"),)


class ExportDone(NotAllowedNow):
    code = "exports.done"
    sentence = "This export of {version} is done, so it cannot be begun again."
    actions = (Action(label="See it", command="luthier exports show {export}"),)


class ExportTooSmall(ModelProblem):
    code = "exports.too_small"
    sentence = "{limit} cannot be reached: the smallest that can be made of this model here has {smallest}."
    actions = (
        Action(label="Allow more", command="luthier exports make VERSION --to gguf --at-most {smallest_argument}"),
        Action(label="Or let layers go as well", command="luthier exports make VERSION --to gguf --allow-pruning"),
        Action(
            label="Or install llama.cpp's quantiser, which has smaller types", command="pip install 'luthier[llama]'"
        ),
    )


class LlamaFailed(WorkFailed):
    code = "exports.llama_failed"
    sentence = "The file {file} does not work in llama.cpp: {reason}."
    actions = (Action(label="Export it for transformers instead", command="luthier exports make VERSION --to hub"),)


class ExportBroke(WorkFailed):
    code = "exports.broke"
    sentence = "The process that {what} ended before it was done ({how})."
    actions = (Action(label="Look at the end of its log in the details, and try again"),)


class ExportUnsupported(ModelProblem):
    code = "exports.unsupported"
    sentence = "This model cannot be exported in that form: {what}."
    actions = (
        Action(label="Export it for transformers instead", command="luthier exports make VERSION --to hub"),
        Action(label="Or merge the adapter first", command="luthier exports make VERSION --to merged"),
    )


class QuantiserMissing(MissingPart):
    code = "exports.quantiser_missing"
    sentence = "The type {kind} is written by llama.cpp's quantiser, which is not installed here."
    actions = (
        Action(label="Install it", command="pip install 'luthier[llama]'"),
        Action(label="Or choose a type that needs none", command="luthier exports make VERSION --to gguf --quant Q8_0"),
    )
