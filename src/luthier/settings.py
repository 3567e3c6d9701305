"""Settings: the only reader of environment variables. Everything else receives typed values."""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is read from the environment as LUTHIER_<NAME>; command-line options win over it."""

    model_config = SettingsConfigDict(env_prefix="LUTHIER_", frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Path("~/.luthier")  # the workspace folder
    database_url: str | None = None  # default: SQLite in the workspace; postgresql://... for teams
    host: str = "127.0.0.1"  # the address that the server listens on
    port: int = 8765  # and its port
    offline: bool = False  # no network at all
    hub_endpoint: str = "https://huggingface.co"  # where base models are fetched from
    hub_token: SecretStr | None = Field(  # for what is private or gated there; or as HF_TOKEN, which other tools read
        None, validation_alias=AliasChoices("LUTHIER_HUB_TOKEN", "HF_TOKEN")
    )
    hub_cache: Path = Path(platformdirs.user_cache_dir("luthier")) / "downloads"  # shared by all workspaces
    ollama_url: str = "http://127.0.0.1:11434"  # where exports are loaded into Ollama
    data_origins: tuple[str, ...] = ()  # places that examples may be fetched from, e.g. ["https://example.org"]
    notify_origins: tuple[str, ...] = ()  # places in your own network that notices may go to, e.g. ["http://nas:9000"]
    runs_at_once: Annotated[int, Field(ge=1, le=64)] = 1  # how many runs may work at the same time, memory permitting
    worker_grace_seconds: float = 20.0  # how long a worker may take to park before it is ended
    worker_silence_seconds: float = 25.0  # without a sign of life for so long, a worker counts as frozen
    electricity_price: float = 0.30  # what you pay for a kilowatt-hour
    currency: str = "EUR"  # of that price
    region: str = "world"  # whose electricity counts for CO2e, e.g. france; docs/guide/planning.md lists them
    supervisor_idle_seconds: float = 20.0  # a supervisor with nothing to do ends after so long

    @cached_property
    def workspace_folder(self) -> Path:
        return self.home.expanduser().absolute()


def hub_token(settings: Settings) -> str | None:
    """For the header of a request, and for nothing else."""
    return settings.hub_token.get_secret_value() or None if settings.hub_token else None


def process_environment() -> dict[str, str]:
    """A copy of this process's environment, to be handed to a child."""
    return dict(os.environ)
