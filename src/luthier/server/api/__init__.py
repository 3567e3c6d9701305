"""The JSON API: one thin router per noun, over the same services that the pages and the command line use."""

from fastapi import APIRouter

from luthier.server.api import (
    backups,
    chat,
    comparisons,
    dataset_jobs,
    datasets,
    derivations,
    events,
    exports,
    files,
    imports,
    machine,
    models,
    notifications,
    plans,
    quality,
    runs,
    scenarios,
    sessions,
    versions,
)

router = APIRouter(prefix="/api/v1")
for _noun in (
    sessions,
    comparisons,
    runs,
    events,
    derivations,
    dataset_jobs,
    datasets,
    files,
    imports,
    quality,
    scenarios,
    models,
    plans,
    versions,
    exports,
    chat,
    machine,
    notifications,
    backups,
):
    router.include_router(_noun.router)
