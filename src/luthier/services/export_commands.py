"""The commands that run an export, ready to be copied."""

import shlex
from pathlib import Path

from luthier.domain.exports import Form
from luthier.domain.versions import Version


def commands_for(form: Form, version: Version, files: Path, main: str) -> tuple[str, ...]:
    path, name = shlex.quote(str(files / main)), version.name
    match form:
        case "gguf":
            return (f"llama-server --jinja -m {path}", f"llama-cli --jinja -m {path}")
        case "gguf-adapter":
            return (f"llama-server --jinja -m BASE.gguf --lora {path}",)
        case "ollama":
            return (f"ollama create {name} -f {shlex.quote(str(files / 'Modelfile'))}", f"ollama run {name}")
        case "lmstudio":
            return (f"cp -r {shlex.quote(str(files / 'luthier'))} ~/.lmstudio/models/", f"lms load {Path(main).stem}")
        case "hub" | "merged":
            return (f"hf upload YOUR-NAME/{name} {shlex.quote(str(files))}",)
        case "cactus":
            return (f"cactus serve {shlex.quote(str(files))}",)
