"""What is written into a form that makes a dataset, and the parameters that it means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import Request

from luthier.domain.derivations import DerivationNotUnderstood
from luthier.kit.frozen import Frozen


class DeriveForm(Frozen):
    """As it was sent; a field that may stand more than once has several values."""

    fields: dict[str, tuple[str, ...]] = {}

    def one(self, name: str) -> str:
        return next(iter(self.fields.get(name, ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        return self.fields.get(name, ())

    def filled(self, defaults: Mapping[str, tuple[str, ...]]) -> "DeriveForm":
        """With the defaults where nothing was given."""
        return DeriveForm(fields={**defaults, **self.fields})

    def with_field(self, name: str, values: Sequence[str]) -> "DeriveForm":
        return DeriveForm(fields={**self.fields, name: tuple(values)})

    @property
    def name(self) -> str | None:
        return self.one("name") or None


async def derive_form(request: Request) -> DeriveForm:
    """Of the body, or of the address when the form is yet to be shown."""
    sent = await request.form() if request.method == "POST" else request.query_params
    pairs = [(name, value.strip()) for name, value in sent.multi_items() if isinstance(value, str)]
    return DeriveForm(fields={name: tuple(value for each, value in pairs if each == name) for name, _ in pairs})


def parameters_of(what: str, form: DeriveForm) -> dict[str, Any]:
    """Those that were given; raises DerivationNotUnderstood with the `place` of what is no number."""
    return dict(_PARAMETERS[what](form))


Parameters = Iterator[tuple[str, Any]]


def _split(form: DeriveForm) -> Parameters:
    shares = {}
    for side, share in zip(form.all("side"), form.all("share"), strict=False):
        if side or share:
            shares[side] = _read_number("split", "shares", share) / 100
    yield "shares", shares
    yield from _numbers("split", form, "near", "seed")


def _mix(form: DeriveForm) -> Parameters:
    weights = [weight for dataset, weight in zip(form.all("dataset"), form.all("weight"), strict=False) if dataset]
    yield "weights", [_read_number("mix", "weights", weight) for weight in weights]
    yield "repeat", "repeat" in form.fields
    yield from _numbers("mix", form, "size", "seed")


def _dedupe(form: DeriveForm) -> Parameters:
    yield from _texts(form, "by")
    yield from _numbers("dedupe", form, "near")


def _filter(form: DeriveForm) -> Parameters:
    yield from _numbers("filter", form, "min_score")
    yield "without", form.all("without")
    yield from _texts(form, "containing", "lacking")


def _chosen(what: str, field: str) -> Callable[[DeriveForm], Parameters]:
    def chosen(form: DeriveForm) -> Parameters:
        if not form.all(field):
            raise _misunderstood(what, field, "Choose at least one.")
        yield field, form.all(field)

    return chosen


def _balance(form: DeriveForm) -> Parameters:
    yield from _texts(form, "by")
    if form.one("to") == "number":
        yield "to", _read_number("balance", "to", form.one("number"))
    else:
        yield from _texts(form, "to")
    yield from _numbers("balance", form, "seed")


def _augment(form: DeriveForm) -> Parameters:
    groups = [[word.strip() for word in line.split(",")] for line in form.one("words").splitlines() if line.strip()]
    yield "words", groups
    yield "lists", form.all("lists")
    yield "templates", [line.strip() for line in form.one("templates").splitlines() if line.strip()]
    yield from _numbers("augment", form, "copies", "seed")


def _paraphrase(form: DeriveForm) -> Parameters:
    yield "model", form.one("model")
    yield from _numbers("paraphrase", form, "copies", "temperature", "seed")


_PARAMETERS: dict[str, Callable[[DeriveForm], Parameters]] = {
    "split": _split,
    "mix": _mix,
    "dedupe": _dedupe,
    "filter": _filter,
    "repair": _chosen("repair", "fixes"),
    "redact": _chosen("redact", "kinds"),
    "balance": _balance,
    "augment": _augment,
    "paraphrase": _paraphrase,
}


def _texts(form: DeriveForm, *names: str) -> Parameters:
    return ((name, form.one(name)) for name in names if form.one(name))


def _numbers(what: str, form: DeriveForm, *names: str) -> Parameters:
    return ((name, _read_number(what, name, form.one(name))) for name in names if form.one(name))


def _read_number(what: str, place: str, text: str) -> float:
    """Whole ones stay whole, so that a count can be told from a measure."""
    try:
        number = float(text.replace(",", ".") or "nan")
    except ValueError:
        number = float("nan")
    if number != number:
        raise _misunderstood(what, place, f"“{text}” is no number." if text else "A number is missing.")
    return int(number) if number.is_integer() else number


def _misunderstood(what: str, place: str, fault: str) -> DerivationNotUnderstood:
    return DerivationNotUnderstood(what=what, reason=f"{place}: {fault.rstrip('.')}", place=place, fault=fault)
