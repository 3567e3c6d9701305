"""Makes a run fit into memory: smaller passes, layers computed again, a base in 4 bits, shorter examples.

In that order, because that is what they cost: nothing, a third more time, a little precision, examples. What a recipe
pins is never bent, and a plan that cannot work is never made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from luthier.domain.adapters import FourBitsWanted, LoraSettings
from luthier.domain.plans import PlanDoesNotFit
from luthier.kit.units import show_bytes
from luthier.planning.abilities import Room
from luthier.planning.decisions import Ledger, Source
from luthier.planning.load import Load, largest_batch
from luthier.planning.memory import available_for, budget_bytes, peak_memory

LENGTH_GRAIN = 64
LONGEST_WANTED = 2048  # tokens; longer examples are trained on only when more than a few are longer
MOST_TOKENS_AT_ONCE = {"cpu": 8192}  # products do not become faster beyond it
MOST_TOKENS_ON_GPU = 16384
FEWEST_TOKENS_AT_ONCE = {"cpu": 256}
FEWEST_TOKENS_ON_GPU = 512  # with less, the GPU waits for its own kernels to start
_HALVINGS = 6


@dataclass(frozen=True)
class Fit:
    load: Load  # with precision and checkpointing settled
    max_length: int
    micro_batch_tokens: int


def fit(load: Load, room: Room, ledger: Ledger, base: str) -> Fit:
    """Settles precision, gradient_checkpointing, max_length and micro_batch_tokens.

    Raises PlanDoesNotFit, FourBitsWanted.
    """
    load = replace(load, device=room.device)
    wanted = ledger.pinned("max_length") or wanted_length(load)
    load = _settle_ways(list(_ways(load, room, ledger, wanted)), room, ledger, wanted)
    length = ledger.settle("max_length", *_length(load, room, ledger, wanted))
    tokens = ledger.settle("micro_batch_tokens", *_tokens_at_once(load, room, length))
    if not _fits(load, room, length, tokens):
        raise PlanDoesNotFit(
            base=base,
            needed=show_bytes(available_for(load, _expected(load, length, tokens))),
            available=show_bytes(room.available_bytes),
            shorter=_grained(length // 2),
        )
    return Fit(load=load, max_length=length, micro_batch_tokens=tokens)


def wanted_length(load: Load) -> int:
    """Tokens: the longest example whole, unless only a few are so long. Nothing is padded, so a high limit is free."""
    usual = max(LONGEST_WANTED, _grained(load.facts.tokens_p95))
    return min(_grained(load.facts.tokens_max), usual, load.shape.context_length)


def _fits(load: Load, room: Room, max_length: int, tokens: int) -> bool:
    return _expected(load, max_length, tokens) <= budget_bytes(load, room.available_bytes)


def _expected(load: Load, max_length: int, tokens: int) -> float:
    return peak_memory(load, max_length, tokens).expected(load)


@dataclass(frozen=True)
class _Way:
    """One way of computing, and why it would be chosen."""

    load: Load
    precision_reason: str
    checkpointing_reason: str


_EACH_ONCE = "There is memory enough to keep what backward needs."
_AGAIN = "Every layer is computed twice: a third more time, and the run fits into memory."


def _ways(load: Load, room: Room, ledger: Ledger, length: int) -> Iterator[_Way]:
    """The best first, of those that the recipe allows and the engine can do."""
    for precision, reason in _precisions(load, room, ledger, length):
        for again in (False, True):
            pinned = ledger.pinned("gradient_checkpointing")
            if pinned is not None and pinned is not again:
                continue
            if again and pinned is None and not room.abilities.gradient_checkpointing:
                continue
            if precision == "nf4" and not again and pinned is None and room.abilities.gradient_checkpointing:
                continue  # who needs four bits needs that memory too
            kernels = load.kernels if ledger.is_pinned("kernels") or precision != "nf4" else "reference"
            way = replace(load, precision=precision, gradient_checkpointing=again, kernels=kernels)
            yield _Way(way, reason, _AGAIN if again else _EACH_ONCE)


def _precisions(load: Load, room: Room, ledger: Ledger, length: int) -> Iterator[tuple[str, str]]:
    pinned = ledger.pinned("precision")
    in_four_bits = isinstance(load.adapter, LoraSettings) and load.adapter.init == "loftq"
    if in_four_bits and pinned not in (None, "nf4"):
        raise FourBitsWanted(precision=pinned)
    if pinned is not None:
        yield str(pinned), ""
        return
    if in_four_bits:
        yield "nf4", "LoftQ begins at what four bits leave out of the weights."
        return
    yield _sixteen_or_thirty_two(load, room, length)
    if room.abilities.quantised and not load.trains_everything:
        yield "nf4", "In 4 bits the base takes a quarter of the memory; in 16 it would not fit."


def _sixteen_or_thirty_two(load: Load, room: Room, length: int) -> tuple[str, str]:
    what = "processor" if room.device == "cpu" else "GPU"
    if room.multiplies_bf16:
        return "bf16", f"This {what} multiplies bf16 numbers directly."
    exact = replace(load, precision="fp32")
    if _fits(exact, room, length, _most_tokens(exact, length)):
        return "fp32", f"This {what} has no bf16 arithmetic, and there is memory enough for fp32."
    return "bf16", "In fp32 the base model would take too much memory."


def _settle_ways(ways: list[_Way], room: Room, ledger: Ledger, length: int) -> Load:
    """The first that fits whole examples; else the one that takes the least."""

    def needed(way: _Way) -> float:
        tokens = ledger.pinned("micro_batch_tokens") or _fewest_tokens(way.load, length)
        return _expected(way.load, length, tokens)

    room_bytes = budget_bytes(ways[0].load, room.available_bytes)
    chosen = next((way for way in ways if needed(way) <= room_bytes), None) or min(ways, key=needed)
    source: Source = "machine"
    ledger.settle("precision", chosen.load.precision, chosen.precision_reason, source)
    again = chosen.load.gradient_checkpointing
    ledger.settle("gradient_checkpointing", again, chosen.checkpointing_reason, source)
    return chosen.load


def _length(load: Load, room: Room, ledger: Ledger, wanted: int) -> tuple[int, str, Source]:
    """Short memory shortens it, but never below the median: half of the examples would be lost."""
    shortest = min(wanted, _grained(load.facts.tokens_p50))
    pinned_tokens = ledger.pinned("micro_batch_tokens")
    length = shortest
    for length in (wanted, *range(wanted - wanted % LENGTH_GRAIN, shortest, -LENGTH_GRAIN), shortest):
        tokens = pinned_tokens or _fewest_tokens(load, length)
        if _fits(load, room, length, tokens):
            break
    if length < wanted:
        return length, "The longest for which there is memory, even with the smallest passes.", "machine"
    if length >= load.facts.tokens_max:
        return length, f"No example is longer: the longest has {load.facts.tokens_max} tokens.", "data"
    if length == load.shape.context_length:
        return length, "The base model cannot read more at once.", "model"
    return length, "At least 95 of 100 examples are not longer.", "data"


def _tokens_at_once(load: Load, room: Room, length: int) -> tuple[int, str, Source]:
    """Layers that are computed again are a sign of short memory, so passes are then as small as they can be."""
    most, fewest = _most_tokens(load, length), _fewest_tokens(load, length)
    if load.gradient_checkpointing:
        return fewest, "As few as there are in the longest example, to leave memory free.", "machine"
    size = fewest
    ceiling = _most_at_once(load)
    halves = (ceiling >> shift for shift in range(1, _HALVINGS))
    for size in (most, *(size for size in halves if fewest < size < most), fewest):
        if _fits(load, room, length, size):
            break
    if size == most < ceiling:
        return size, "A whole batch fits into memory at once.", "data"
    if size == most:
        return size, "Larger passes would not be faster.", "default"
    return size, "The most for which there is memory; a batch is cut into several passes.", "machine"


def _most_at_once(load: Load) -> int:
    return MOST_TOKENS_AT_ONCE.get(load.device, MOST_TOKENS_ON_GPU)


def _most_tokens(load: Load, length: int) -> int:
    whole_batch = _grained(largest_batch(load.facts, load.batch_size, length))
    return max(_fewest_tokens(load, length), min(whole_batch, _most_at_once(load)))


def _fewest_tokens(load: Load, length: int) -> int:
    """An example is never cut, nor a pair, so less than the longest would change nothing."""
    return max(FEWEST_TOKENS_AT_ONCE.get(load.device, FEWEST_TOKENS_ON_GPU), load.facts.sequences * length)


def _grained(tokens: int) -> int:
    return max(LENGTH_GRAIN, -(-tokens // LENGTH_GRAIN) * LENGTH_GRAIN)
