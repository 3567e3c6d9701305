"""Searching the model hub: text models in safetensors, the most used first, with size and licence as it states them."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from luthier.domain.model_cards import HubCard, HubUnreachable
from luthier.kit.http import Http, HttpFailed

_MOST = 40  # a page of choices; a longer word narrows it
_PARTS = ("safetensors", "downloads", "config", "cardData", "gated")


def search_models(http: Http, endpoint: str, text: str, now: datetime) -> tuple[HubCard, ...]:
    """One request. Raises HubUnreachable, also for an answer that is no list of models."""
    asked = [("pipeline_tag", "text-generation"), ("filter", "safetensors"), ("sort", "downloads"), ("limit", _MOST)]
    query = urlencode([*([("search", text)] if text else []), *asked, *(("expand[]", part) for part in _PARTS)])
    try:
        document = http.get_json(f"{endpoint.rstrip('/')}/api/models?{query}")
        return tuple(_card(entry, now) for entry in document)
    except HttpFailed as failure:
        raise HubUnreachable(reason=failure) from failure
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HubUnreachable(reason="its answer is not a list of models", details=repr(error)) from error


def _card(entry: dict[str, Any], now: datetime) -> HubCard:
    """What an owner left out stays unknown."""
    total = (entry.get("safetensors") or {}).get("total")
    architectures = (entry.get("config") or {}).get("architectures") or [""]
    licence = (entry.get("cardData") or {}).get("license") or "not stated"
    return HubCard(
        name=entry["id"],
        parameters=int(total) if total else None,
        architecture=str(architectures[0]),
        licence=licence if isinstance(licence, str) else ", ".join(map(str, licence)),
        downloads=int(entry.get("downloads") or 0),
        is_gated=bool(entry.get("gated")),
        seen_at=now,
    )
