"""Makes a run fit into memory: smaller passes first, then shorter examples, and never a plan that cannot work."""

from dataclasses import dataclass, replace

from luthier.domain.machine import Machine
from luthier.domain.plans import PlanDoesNotFit
from luthier.kit.units import show_bytes
from luthier.planning.decisions import Ledger, Source
from luthier.planning.facts import memory_facts
from luthier.planning.load import Load, largest_batch
from luthier.planning.memory import peak_memory

LENGTH_GRAIN = 64
LONGEST_WANTED = 2048  # tokens; longer examples are trained on only when more than a few are longer
MOST_TOKENS_AT_ONCE = 8192  # products do not become faster beyond it
FEWEST_TOKENS_AT_ONCE = 256
BF16_FEATURES = frozenset({"amx_bf16", "avx512_bf16", "bf16"})


@dataclass(frozen=True)
class Fit:
    load: Load  # with its precision settled
    max_length: int
    micro_batch_tokens: int


def fit(load: Load, machine: Machine, ledger: Ledger, base: str) -> Fit:
    """Settles precision, max_length and micro_batch_tokens. Raises PlanDoesNotFit."""
    wanted = wanted_length(load)
    load = replace(load, precision=_precision(load, machine, ledger, wanted))
    length = ledger.settle("max_length", *_length(load, machine, ledger, wanted))
    tokens = ledger.settle("micro_batch_tokens", *_tokens_at_once(load, machine, length))
    needed = peak_memory(load, length, tokens).total
    if needed > _budget(machine):
        raise PlanDoesNotFit(
            base=base,
            needed=show_bytes(needed),
            available=show_bytes(machine.available_bytes),
            shorter=_grained(length // 2),
        )
    return Fit(load=load, max_length=length, micro_batch_tokens=tokens)


def wanted_length(load: Load) -> int:
    """Tokens: the longest example whole, unless only a few are so long. Nothing is padded, so a high limit is free."""
    usual = max(LONGEST_WANTED, _grained(load.facts.tokens_p95))
    return min(_grained(load.facts.tokens_max), usual, load.shape.context_length)


def _budget(machine: Machine) -> float:
    return machine.available_bytes * memory_facts().usable_share


def _fits(load: Load, machine: Machine, max_length: int, tokens: int) -> bool:
    return peak_memory(load, max_length, tokens).total <= _budget(machine)


def _precision(load: Load, machine: Machine, ledger: Ledger, length: int) -> str:
    if BF16_FEATURES & set(machine.cpu_features):
        return ledger.settle("precision", "bf16", "This processor multiplies bf16 numbers directly.", "machine")
    exact = replace(load, precision="fp32")
    if _fits(exact, machine, length, _most_tokens(exact, length)):
        reason = "This processor has no bf16 arithmetic, and there is memory enough for fp32."
        return ledger.settle("precision", "fp32", reason, "machine")
    return ledger.settle("precision", "bf16", "In fp32 the base model would take too much memory.", "machine")


def _length(load: Load, machine: Machine, ledger: Ledger, wanted: int) -> tuple[int, str, Source]:
    """Short memory shortens it, but never below the median: half of the examples would be lost."""
    shortest = min(wanted, _grained(load.facts.tokens_p50))
    pinned_tokens = ledger.pinned("micro_batch_tokens")
    length = shortest
    for length in (wanted, *range(wanted - wanted % LENGTH_GRAIN, shortest, -LENGTH_GRAIN), shortest):
        tokens = pinned_tokens or _fewest_tokens(length)
        if _fits(load, machine, length, tokens):
            break
    if length < wanted:
        return length, "The longest for which there is memory, even with the smallest passes.", "machine"
    if length >= load.facts.tokens_max:
        return length, f"No example is longer: the longest has {load.facts.tokens_max} tokens.", "data"
    if length == load.shape.context_length:
        return length, "The base model cannot read more at once.", "model"
    return length, "At least 95 of 100 examples are not longer.", "data"


def _tokens_at_once(load: Load, machine: Machine, length: int) -> tuple[int, str, Source]:
    most, fewest = _most_tokens(load, length), _fewest_tokens(length)
    size = fewest
    sizes = [most, *(size for size in _halves_of(MOST_TOKENS_AT_ONCE) if fewest < size < most), fewest]
    for size in sizes:
        if _fits(load, machine, length, size):
            break
    if size == most < MOST_TOKENS_AT_ONCE:
        return size, "A whole batch fits into memory at once.", "data"
    if size == most:
        return size, "Larger passes would not be faster.", "default"
    return size, "The most for which there is memory; a batch is cut into several passes.", "machine"


def _most_tokens(load: Load, length: int) -> int:
    whole_batch = _grained(largest_batch(load.facts, load.batch_size, length))
    return max(_fewest_tokens(length), min(whole_batch, MOST_TOKENS_AT_ONCE))


def _fewest_tokens(length: int) -> int:
    """An example is never cut, so less than the longest would change nothing."""
    return max(FEWEST_TOKENS_AT_ONCE, length)


def _halves_of(size: int) -> list[int]:
    return [size >> shift for shift in range(1, 6)]


def _grained(tokens: int) -> int:
    return max(LENGTH_GRAIN, -(-tokens // LENGTH_GRAIN) * LENGTH_GRAIN)
