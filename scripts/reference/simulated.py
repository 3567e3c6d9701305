"""The table of plans for simulated GPUs and published bases, in docs/reference/simulated-gpus.md."""

from luthier.domain.machine import Gpu, Machine
from luthier.domain.plans import DataFacts, Plan, PlanDoesNotFit
from luthier.domain.recipes import Recipe
from luthier.kit.units import show_bytes
from luthier.planning.abilities import EVERYTHING
from luthier.planning.choose import make_plan
from luthier.planning.facts import PublishedShape, published_shapes
from luthier.planning.knowledge import Knowledge

GIB = 1 << 30
GPUS = (
    ("NVIDIA GeForce RTX 4060", 8),
    ("NVIDIA GeForce RTX 4060 Ti", 16),
    ("NVIDIA GeForce RTX 4090", 24),
    ("NVIDIA H100", 80),
)
FREE_SHARE = 0.97  # of a GPU's memory, when nothing else uses it
FACTS = DataFacts(
    examples=10_000,
    held_out=200,
    tokens_p50=300,
    tokens_p95=900,
    tokens_max=2048,
    tokens_mean=350.0,
    supervised_share=0.5,
    answers_are_json=False,
    answer_tokens_max=400,
)


def machine_with(name: str, gibibytes: int) -> Machine:
    size = gibibytes * GIB
    gpu = Gpu(name=name, memory_bytes=size, free_bytes=int(size * FREE_SHARE), compute_capability="8.9")
    return Machine(
        system="Linux",
        python="3.12",
        cpu="a processor",
        cores=16,
        cpu_features=("avx2",),
        memory_bytes=128 * GIB,
        available_bytes=120 * GIB,
        disk_free_bytes=1000 * GIB,
        gpus=(gpu,),
    )


def plan_on(gibibytes: int, name: str, shape: PublishedShape) -> Plan | PlanDoesNotFit:
    try:
        recipe = Recipe(base=shape.name, data="examples.jsonl")
        return make_plan(recipe, machine_with(name, gibibytes), shape, FACTS, Knowledge(abilities=EVERYTHING))
    except PlanDoesNotFit as refusal:
        return refusal


def page() -> str:
    columns = [f"{gibibytes} GB" for _, gibibytes in GPUS]
    lines = [
        "# Plans on simulated GPUs",
        "",
        "What the planner chooses for LoRA of rank 16 on 10,000 examples (300 tokens in the middle, 2,048 at most), on "
        "GPUs that an engine with every ability would compute on. Each cell: the precision of the base, whether layers "
        "are computed twice, the longest example and the tokens of a pass, and the memory that is expected. No such "
        "GPU was measured: what is expected of one is held against peaks that other trainers publish "
        "(tests/planning/published_peaks.toml), within 15 %.",
        "",
        f"| base | {' | '.join(columns)} |",
        f"| --- | {' | '.join('---' for _ in columns)} |",
    ]
    for shape in published_shapes():
        cells = [_cell(plan_on(gibibytes, name, shape)) for name, gibibytes in GPUS]
        lines.append(f"| {shape.name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_READING, "", *_reasons()])


_READING = (
    "## How to read it",
    "",
    "- A base in 16 bits is the first choice wherever it fits: four bits save memory, and cost a third of the speed "
    "and some precision.",
    "- Layers are computed twice before the base is put into four bits, and always with it: who needs four bits is "
    "short of memory for what layers keep as well.",
    "- A 7B base in four bits fits on 8 GB with examples of a few hundred tokens; the head and the embeddings stay in "
    "16 bits, so an 8B base with 128,000 tokens in its vocabulary just misses it.",
    "- A 70B base needs 80 GB in four bits, and more than one GPU in 16.",
)


def _cell(plan: Plan | PlanDoesNotFit) -> str:
    if isinstance(plan, PlanDoesNotFit):
        return f"does not fit: {plan.problem.fields['needed']} at least"
    settings = plan.settings
    again = ", layers twice" if settings.gradient_checkpointing else ""
    return (
        f"{settings.precision}{again}; {settings.max_length} / {settings.micro_batch_tokens} tokens; "
        f"{show_bytes(plan.memory.low)} to {show_bytes(plan.memory.high)}"
    )


def _reasons() -> list[str]:
    """Of one row, as a plan states them."""
    shape = next(each for each in published_shapes() if "7B" in each.name)
    lines = [f"## Why, for {shape.name}", ""]
    for name, gibibytes in GPUS:
        plan = plan_on(gibibytes, name, shape)
        if isinstance(plan, PlanDoesNotFit):
            lines += [f"- **{gibibytes} GB.** {plan.problem.sentence}"]
            continue
        wanted = ("precision", "gradient_checkpointing", "max_length", "micro_batch_tokens")
        reasons = [
            f"{each.name.replace('_', ' ')} {each.value}: {each.reason}"
            for each in plan.decisions
            if each.name in wanted
        ]
        lines += [f"- **{gibibytes} GB.** {' '.join(reasons)}"]
    return lines
