"""Where an export is brought to, and why that may fail."""

from luthier.domain.errors import Action, MissingPart, Unreachable, WorkFailed, WrongUsage


class OllamaUnreachable(Unreachable):
    code = "ollama.unreachable"
    sentence = "Ollama does not answer at {address}: {reason}."
    actions = (
        Action(label="Start it", command="ollama serve"),
        Action(label="Or say where it is", command="export LUTHIER_OLLAMA_URL=http://HOST:11434"),
    )


class OllamaFailed(WorkFailed):
    code = "ollama.failed"
    sentence = "Ollama at {address} refused: {reason}."
    actions = (Action(label="Look at what it has", command="ollama list"),)


class NotForOllama(WrongUsage):
    code = "ollama.wrong_form"
    sentence = "This export of {version} is of the form {form}, and Ollama takes those made for it."
    actions = (Action(label="Make one for Ollama", command="luthier exports make {version} --to ollama"),)


class CactusMissing(MissingPart):
    code = "exports.cactus_missing"
    sentence = "The package for phones is made by the cactus command, which is not installed here."
    actions = (
        Action(label="Install Cactus, and see to its licence: it is not free software"),
        Action(
            label="Or export a GGUF file, which many phone apps run", command="luthier exports make {version} --to gguf"
        ),
    )


class CactusFailed(WorkFailed):
    code = "exports.cactus_failed"
    sentence = "The cactus command could not convert {version} (exit code {code})."
    actions = (Action(label="Look at what it wrote, in the details"),)
