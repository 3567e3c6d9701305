"""Writes the sample task: free-text orders to a lute maker's workshop, each with the one JSON object that it means.

Usage: python scripts/write_workshop_orders.py [FOLDER]

The same files on every machine and every Python: only `Random.random` is used, whose stream is guaranteed.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

FOLDER = Path(__file__).parents[1] / "src/luthier/data/samples/workshop_orders"
SEED = 20_270_503
TRAIN, HELD_OUT = 300, 60
SYSTEM = "Turn the order into JSON with customer, items and due date."

FIRST_NAMES = """
    Marta Jonas Lena Peter Clara Hugo Nina Oscar Julia Anton Sofia Martin Elena Felix Irene Lucas Alma David Greta
    Simon Vera Paul Rosa Emil Hanna Victor Ida Bruno Laura Max
"""
TRAIN_SURNAMES = """
    Weber Novak Rossi Silva Keller Moreau Larsen Horvat Bianchi Costa Fischer Dubois Hansen Kovac Ricci Santos Vogel
    Lambert Berg Popov Conti Pereira Brandt Girard Lund Marino Torres Schmid Fontaine Dahl Greco Ramos Wolf Mercier
    Holm Lombardi Vega Graf Blanc Nord Ferrara Molina Roth Garnier Strand Barone Navarro Kuhn Renard Falk
"""
HELD_OUT_SURNAMES = """
    Oduya Lindgren Castell Aubert Petrov Zeller Moretti Almeida Sorensen Tanner Vidal Richter Bellini Duarte Engel
    Perrin Haugen Marchetti Salas Winter Leclerc Ekman Valenti Prado Hartmann Noel Solberg Gallo Iglesias Baum
"""
MATERIALS = "ebony rosewood maple spruce walnut boxwood bone brass"
PARTS = "peg bridge nut tailpiece fingerboard saddle scroll neck soundpost endpin rosette brace"  # plural in -s
MEASURED = {  # unit -> what is sold by it
    "sheet": (
        "120 grit sandpaper, 180 grit sandpaper, 240 grit sandpaper, 320 grit sandpaper, 400 grit sandpaper, "
        "maple veneer, walnut veneer, spruce veneer"
    ),
    "bottle": "spirit varnish, oil varnish, amber varnish, walnut stain, linseed oil, cherry stain",
    "jar": "hide glue, fish glue, bone glue, polishing paste, grain filler, beeswax",
    "set": "violin strings, viola strings, cello strings, guitar strings, gut strings, lute strings",
    "metre": "fret wire, purfling, linen tape, copper wire, felt strip, binding",
    "box": "brass screws, steel pins, felt pads, wood plugs, cork pads, copper nails",
}
UNTAUGHT = 5  # every fifth item never occurs in training

NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve"
MONTHS = "January February March April May June July August September October November December"

OPENINGS = (
    "Hi, it's {name}. Could I get {items}{due}? Thanks!",
    "Hello, {name} here. I need {items}{due}, please.",
    "This is {name}. Please send me {items}{due}.",
    "Good morning! I would like to order {items}{due}. Regards, {name}",
    "Please put {items} aside for me{due}. {name}",
    "Dear workshop, we need {items}. Can you help us{due}? Yours, {name}",
    "{items} for {name}{due}, please.",
    "{name} would like {items}{due}.",
    "Order for {name}: {items}{due}.",
    "Could you get {items} ready{due}? It is for {name}.",
)
DUE_PHRASES = (" by {date}", " for {date}", " before {date}", " not later than {date}", " until {date}")

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    name: str
    unit: str


@dataclass(frozen=True)
class Order:
    customer: str
    items: tuple[str, ...]
    messages: list[dict[str, str]]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(SEED)
    catalogue = _catalogue()
    taught = [item for at, item in enumerate(catalogue) if at % UNTAUGHT]
    train = _orders(random, TRAIN, TRAIN_SURNAMES.split(), taught, avoid=set())
    known = {order.items for order in train}
    held_out = _orders(random, HELD_OUT, HELD_OUT_SURNAMES.split(), catalogue, avoid=known)
    _write(folder / "train.jsonl", train)
    _write(folder / "held_out.jsonl", held_out)


def _orders(
    random: Random, count: int, surnames: Sequence[str], items: Sequence[Item], avoid: set[tuple[str, ...]]
) -> list[Order]:
    """Different texts, and none of the combinations of items to `avoid`."""
    orders: dict[str, Order] = {}
    while len(orders) < count:
        order = _order(random, surnames, items)
        if order.items not in avoid:
            orders.setdefault(order.messages[1]["content"], order)
    return list(orders.values())


def _order(random: Random, surnames: Sequence[str], items: Sequence[Item]) -> Order:
    customer = f"{_pick(random, FIRST_NAMES.split())} {_pick(random, surnames)}"
    chosen: list[Item] = []
    wanted = _pick(random, (1, 1, 1, 2, 2, 2, 3))
    while len(chosen) < wanted:
        # Parts are many and alike: half of the lines go to what is sold by sheet, bottle, jar, set, metre or box.
        measured = random.random() < 0.5
        item = _pick(random, [item for item in items if (item.unit != "piece") == measured])
        if item not in chosen:
            chosen.append(item)
    lines = [(item, _quantity(random, item)) for item in chosen]
    date = (_pick(random, (2026, 2027, 2028)), 1 + int(random.random() * 12), 1 + int(random.random() * 28))
    has_date = random.random() < 0.85
    text = _pick(random, OPENINGS).format(
        name=customer,
        items=_joined([_said(random, item, quantity) for item, quantity in lines]),
        due=_pick(random, DUE_PHRASES).format(date=_said_date(random, *date)) if has_date else "",
    )
    answer = {
        "customer": customer,
        "items": [{"name": item.name, "quantity": quantity, "unit": item.unit} for item, quantity in lines],
        "due": "{:04d}-{:02d}-{:02d}".format(*date) if has_date else None,
    }
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": text[0].upper() + text[1:]},
        {"role": "assistant", "content": json.dumps(answer, ensure_ascii=False, separators=(",", ":"))},
    ]
    return Order(customer, tuple(sorted(item.name for item in chosen)), messages)


def _catalogue() -> list[Item]:
    parts = [Item(f"{material} {part}", "piece") for part in PARTS.split() for material in MATERIALS.split()]
    measured = [Item(name, unit) for unit, names in MEASURED.items() for name in names.split(", ")]
    return parts + measured


def _quantity(random: Random, item: Item) -> int:
    return 1 + int(random.random() * (30 if item.unit == "piece" else 12))


def _said(random: Random, item: Item, quantity: int) -> str:
    number = str(quantity)
    if quantity == 12 and random.random() < 0.5:
        number = "a dozen"
    elif quantity <= 12 and random.random() < 0.5:
        number = NUMBER_WORDS.split()[quantity - 1]
    plural = "s" if quantity != 1 else ""
    if item.unit == "piece":
        return f"{number} {item.name}{plural}"
    name = item.name.replace(" grit", "-grit") if random.random() < 0.5 else item.name
    unit = "boxes" if item.unit == "box" and plural else item.unit + plural
    return f"{number} {unit} of {name}"


def _said_date(random: Random, year: int, month: int, day: int) -> str:
    name = MONTHS.split()[month - 1]
    ordinal = f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
    forms = (
        f"{day} {name} {year}",
        f"{name} {day}, {year}",
        f"the {ordinal} of {name} {year}",
        f"{name} {ordinal} {year}",
    )
    return _pick(random, forms)


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _pick(random: Random, choices: Sequence[T]) -> T:
    return choices[int(random.random() * len(choices))]


def _write(path: Path, orders: Sequence[Order]) -> None:
    lines = [json.dumps({"messages": order.messages}, ensure_ascii=False) + "\n" for order in orders]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
