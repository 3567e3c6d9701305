"""Settings: the only reader of environment variables. Everything else receives typed values."""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is read from the environment as LUTHIER_<NAME>; command-line options win over it.

    Below both stands the workspace's file of settings (services/kept_settings.py).
    """

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
    package_index: str = "https://pypi.org"  # that is asked for newer versions, when somebody wants to know
    hub_cache: Path = Path(platformdirs.user_cache_dir("luthier")) / "downloads"  # shared by all workspaces
    ollama_url: str = "http://127.0.0.1:11434"  # where exports are loaded into Ollama
    data_origins: tuple[str, ...] = ()  # places that examples may be fetched from, e.g. ["https://example.org"]
    notify_origins: tuple[str, ...] = ()  # places in your own network that notices may go to, e.g. ["http://nas:9000"]
    training_device: Literal["best", "cpu", "cuda"] = "best"  # that computes runs whose recipe leaves it open
    runs_at_once: Annotated[int, Field(ge=1, le=64)] = 1  # how many runs may work at once; they share cores and memory
    inference_memory_gb: Annotated[float | None, Field(gt=0)] = (
        None  # of all models that answer; default: half of it all
    )
    inference_precision: Literal["bf16", "fp32", "nf4"] = "bf16"  # in which they are loaded; nf4 needs luthier[quant]
    inference_device: Literal["cpu", "cuda"] = "cpu"  # that answers; cuda is an NVIDIA GPU, which training may want too
    inference_idle_seconds: Annotated[float, Field(gt=0)] = 600.0  # without a question for so long, a model is given up
    answers_at_once: Annotated[int, Field(ge=1, le=256)] = 8  # how many answers take turns
    answers_waiting: Annotated[int, Field(ge=0, le=10_000)] = 32  # questions beyond those; the next one is refused
    answer_wait_seconds: Annotated[float, Field(gt=0)] = 60.0  # a question that waited longer is given up
    worker_grace_seconds: float = 20.0  # how long a worker may take to park before it is ended
    worker_silence_seconds: float = 25.0  # without a sign of life for so long, a worker counts as frozen
    judge_url: str | None = None  # a chat endpoint that judges answers, e.g. https://api.example.org/v1
    judge_model: str | None = None  # the model that is asked there
    judge_key: SecretStr | None = None  # its key; goes there and nowhere else
    electricity_price: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = (
        0.30  # what you pay for a kilowatt-hour
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"  # of that price
    region: str = "world"  # whose electricity counts for CO2e, e.g. france; docs/guide/planning.md lists them
    supervisor_idle_seconds: float = 20.0  # a supervisor with nothing to do ends after so long
    theme: Literal["system", "light", "dark"] = "system"  # of the pages, where a browser has not chosen for itself
    density: Literal["comfortable", "compact"] = "comfortable"  # of tables and cards
    shortcuts: bool = True  # whether single keys act on the pages
    look_for_updates: bool = False  # once a day, by a server that runs
    chats_kept_days: Annotated[int | None, Field(ge=1, le=36_500)] = (
        None  # unchanged for so long, a chat goes; or never
    )
    logs_kept_days: Annotated[int | None, Field(ge=1, le=36_500)] = None  # of runs that ended; or for ever
    checkpoints_kept_days: Annotated[int | None, Field(ge=1, le=36_500)] = (
        None  # after a run's end; the newest one stays
    )

    @cached_property
    def workspace_folder(self) -> Path:
        return self.home.expanduser().absolute()


def hub_token(settings: Settings) -> str | None:
    """For the header of a request, and for nothing else."""
    return settings.hub_token.get_secret_value() or None if settings.hub_token else None


def process_environment() -> dict[str, str]:
    """A copy of this process's environment, to be handed to a child."""
    return dict(os.environ)
