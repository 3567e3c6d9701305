"""What can be said against an export before any weight is read."""

import importlib.util
import shutil

from luthier.domain.deployments import CactusMissing
from luthier.domain.errors import PackageMissing
from luthier.domain.exports import IN_LLAMA, ExportRequest, ExportUnsupported, QuantiserMissing
from luthier.domain.versions import Version
from luthier.export.blocks import is_known
from luthier.export.facts import tensor_types
from luthier.export.quantiser import is_quantiser_here


def refuse_impossible(request: ExportRequest, version: Version) -> None:
    """Raises PackageMissing for what making or proving it needs, CactusMissing, QuantiserMissing, ExportUnsupported."""
    if request.form == "cactus" and shutil.which("cactus") is None:
        raise CactusMissing(version=version.label)
    needed = {"torch": "train", **({"xllamacpp": "llama"} if request.form in IN_LLAMA else {})}
    for package, extra in needed.items():
        if importlib.util.find_spec(package) is None:
            raise PackageMissing(package=package, extra=extra)
    if request.form == "gguf-adapter" and version.kind == "model":
        raise ExportUnsupported(what="it is a whole model, so there is no adapter to be kept apart")
    if request.form in IN_LLAMA:
        _refuse_kind(request.quant)


def _refuse_kind(quant: str) -> None:
    try:
        kind = tensor_types().kind(quant)
    except KeyError:
        known = ", ".join(each.name for each in tensor_types().kinds)
        raise ExportUnsupported(what=f"there is no kind {quant}; there are {known}") from None
    if not is_known(kind.matrices) and not is_quantiser_here():
        raise QuantiserMissing(kind=quant)
