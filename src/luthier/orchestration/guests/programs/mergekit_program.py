"""mergekit on whole models: one folder of weights out of several, as its configuration says."""

from pathlib import Path

from channel import Channel, Document, Refused
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.options import MergeOptions
from safetensors import safe_open

_ONE_FILE = 1 << 50  # bytes: a version is known by the hash of its one file


def result(channel: Channel, wanted: Document) -> Document:
    options = MergeOptions(
        copy_tokenizer=True,
        out_shard_size=_ONE_FILE,
        quiet=True,
        random_seed=wanted["seed"],
        safe_serialization=True,
        write_model_card=False,
    )
    try:
        run_merge(MergeConfiguration.model_validate(wanted["config"]), wanted["folder"], options)
    except (RuntimeError, ValueError) as error:
        raise Refused(str(error).strip().splitlines()[0].rstrip(".")) from error
    with safe_open(Path(wanted["folder"]) / "model.safetensors", "np") as weights:
        return {"tensors": len(weights.keys())}
