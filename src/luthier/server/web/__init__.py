"""The pages: server-rendered HTML for people, and the static files they use.

For the app: set `app.state.workspace`, include every router of `routers`, and answer a failed page request with
`problem_page(request, problem, status)`.
"""

from luthier.server.web import assets, datasets, door, home, patterns, playground, run, runs, train, versions
from luthier.server.web.problems import problem_page

routers = [module.router for module in (assets, door, home, train, runs, run, datasets, versions, playground, patterns)]

__all__ = ["problem_page", "routers"]
