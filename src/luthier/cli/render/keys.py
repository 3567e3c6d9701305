"""Keys: what each is for and whether it still counts."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import table
from luthier.cli.render.text import plain, soft
from luthier.domain.keys import Key, MadeKey


def keys_table(keys: Sequence[Key]) -> Iterable[RenderableType]:
    if not keys:
        yield Text("No keys yet: luthier keys make NAME")
        return
    rows = [
        (
            key.name,
            key.key_id,
            key.state,
            local_time(key.created_at),
            local_time(key.last_used_at) if key.last_used_at else "never",
            local_time(key.expires_at) if key.expires_at else "when revoked",
        )
        for key in keys
    ]
    yield table(("Name", "Id", "State", "Created", "Last used", "Ends"), rows)


def hints_of(made: MadeKey, address: str) -> Iterable[RenderableType]:
    yield soft("This is shown once and kept nowhere. It opens the models under /v1 and nothing else:")
    yield plain(f"  base_url: {address}", "command")
    yield soft(f"Take it back with: luthier keys revoke {made.key.key_id}")
