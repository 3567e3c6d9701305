"""Conversations made up by a seed: the same bytes on every machine, of a size that one asks for."""

import random
from pathlib import Path

import orjson

_WORDS = (
    *("oak", "maple", "spruce", "ebony", "peg", "bridge", "string", "varnish", "clamp", "gouge", "scraper", "neck"),
    *("scroll", "rib", "lining", "purfling", "glue", "knife", "plane", "tail", "pin", "nut", "board", "arch", "block"),
    *("mould", "bow", "frog", "horse", "hair", "rosin", "grain", "billet", "flame", "wedge", "joint"),
)


def write_chats(path: Path, rows: int) -> None:
    """Two turns a row, about 400 bytes, no two rows alike."""
    chance = random.Random(7)
    with open(path, "wb") as file:
        for row in range(rows):
            turns = [
                {"role": "user", "content": " ".join(chance.choices(_WORDS, k=20))},
                {"role": "assistant", "content": f"{' '.join(chance.choices(_WORDS, k=30))} {row}"},
            ]
            file.write(orjson.dumps({"messages": turns}) + b"\n")
