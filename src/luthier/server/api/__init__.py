"""The JSON API: one thin router per noun, over the same services that the pages and the command line use."""

from fastapi import APIRouter

from luthier.server.api import chat, datasets, events, machine, models, plans, runs, sessions, versions

router = APIRouter(prefix="/api/v1")
for _noun in (sessions, runs, events, datasets, models, plans, versions, chat, machine):
    router.include_router(_noun.router)
