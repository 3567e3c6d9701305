"""The pages: server-rendered HTML for people, and the static files they use.

For the app: set `app.state.workspace`, include every router of `routers`, and answer a failed page request with
`problem_page(request, problem, status)`.
"""

from luthier.server.web import (
    assets,
    datasets,
    door,
    history,
    home,
    imports,
    patterns,
    playground,
    quality,
    rows,
    run,
    runs,
    train,
    versions,
)
from luthier.server.web.problems import problem_page

_modules = (
    *(assets, door, home, train, runs, run),
    *(imports, datasets, rows, history, quality),  # imports first: its address would name a dataset otherwise
    *(versions, playground, patterns),
)
routers = [module.router for module in _modules]

__all__ = ["problem_page", "routers"]
