"""The pages: server-rendered HTML for people, and the static files they use.

For the app: set `app.state.workspace`, include every router of `routers`, and answer a failed page request with
`problem_page(request, problem, status)`.
"""

from luthier.server.web import (
    assets,
    backups,
    compare,
    dataset_jobs,
    datasets,
    derive,
    differences,
    doctor,
    door,
    exports,
    home,
    imports,
    mix,
    notifications,
    patterns,
    playground,
    quality,
    rows,
    run,
    runs,
    scenario,
    scenario_making,
    scenarios,
    train,
    versions,
)
from luthier.server.web.problems import problem_page

_modules = (
    *(assets, door, home, train, runs, compare, run),
    *(imports, mix, differences, dataset_jobs),  # before the datasets: their addresses would name one otherwise
    *(datasets, rows, quality, derive),
    *(scenarios, scenario, scenario_making),
    *(versions, exports, playground, backups, doctor, notifications, patterns),
)
routers = [module.router for module in _modules]

__all__ = ["problem_page", "routers"]
