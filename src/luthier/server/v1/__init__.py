"""The models of a workspace for programs, in OpenAI's protocol: what that client library asks and understands."""

from fastapi import APIRouter

from luthier.server.v1 import chat, completions, embeddings, models

router = APIRouter(prefix="/v1")
for _part in (models, chat, completions, embeddings):
    router.include_router(_part.router)
