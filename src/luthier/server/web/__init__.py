"""The pages: server-rendered HTML for people, and the static files they use.

For the app: set `app.state.workspace`, include every router of `routers`, and answer a failed page request with
`problem_page(request, problem, status)`.
"""

from luthier.server.web import (
    assets,
    backups,
    chats,
    compare,
    dataset_jobs,
    datasets,
    deployments,
    derive,
    differences,
    disk,
    doctor,
    door,
    evaluations,
    exports,
    handbook,
    help_panel,
    home,
    imports,
    logs,
    merges,
    mix,
    model_pages,
    models,
    notifications,
    palette,
    patterns,
    playground,
    presets,
    quality,
    rows,
    run,
    runs,
    scenario,
    scenario_making,
    scenarios,
    settings,
    suites,
    train,
    versions,
    welcome,
    wizard,
    wizard_data,
    wizard_plan,
    wizard_preflight,
    wizard_sweep,
)
from luthier.server.web.problems import problem_page

_modules = (
    *(assets, door, home, runs, compare, run),
    *(train, wizard_data, wizard_plan, wizard_preflight, wizard_sweep),
    *(wizard, models, model_pages, presets),  # after those above: what a step is called comes last
    *(imports, mix, differences, dataset_jobs),  # before the datasets: their addresses would name one otherwise
    *(datasets, rows, quality, derive),
    *(scenarios, scenario, scenario_making),
    *(versions, merges, deployments, disk, exports, suites, evaluations, playground, chats),
    *(backups, doctor, notifications, settings, logs, patterns),
    *(welcome, help_panel, palette, handbook),
)
routers = [module.router for module in _modules]

__all__ = ["problem_page", "routers"]
