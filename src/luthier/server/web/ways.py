"""The ways to make a dataset out of others, as the pages call them."""

from dataclasses import dataclass

from luthier.domain.dataset_jobs import CompareWork, DatasetJob, DeriveWork, ScoreWork


@dataclass(frozen=True, slots=True)
class Way:
    what: str  # the kind of derivation
    name: str  # on a button
    does: str
    doing: str  # before the name of a dataset, while it is done


WAYS = {
    way.what: way
    for way in (
        Way("repair", "Repair", "Mends texts: what cannot be seen or stored goes, the words stay.", "Repairing"),
        Way(
            "dedupe",
            "Remove repetitions",
            "Keeps the first of examples that are the same.",
            "Removing repetitions from",
        ),
        Way("filter", "Filter", "Keeps the examples that are good enough, or say what you want.", "Filtering"),
        Way("redact", "Redact", "Puts words such as [EMAIL_1] for personal data and secrets.", "Redacting"),
        Way("split", "Split", "Holds examples out, so that a model is measured on what it never saw.", "Splitting"),
        Way("balance", "Balance", "Gives every category the same number of examples.", "Balancing"),
        Way("augment", "Augment", "Adds copies with other names and words, or asked in another way.", "Augmenting"),
        Way("paraphrase", "Paraphrase", "Adds copies whose question a model says in other words.", "Paraphrasing"),
    )
}
MIX = Way("mix", "Mix", "Puts several datasets together by weight.", "Mixing")


def title_of(job: DatasetJob) -> str:
    match job.work:
        case ScoreWork(dataset=dataset):
            return f"Scoring {dataset}"
        case CompareWork(before=before, after=after):
            return f"Comparing {before} with {after}"
        case DeriveWork(datasets=datasets, request=request):
            way = MIX if request.what == "mix" else WAYS[request.what]
            return f"{way.doing} {', '.join(datasets)}"
