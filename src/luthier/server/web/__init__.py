"""The pages: server-rendered HTML for people, and the static files they use.

For the app: set `app.state.workspace`, include every router of `routers`, and answer a failed page request with
`problem_page(request, problem, status)`.
"""

from luthier.server.web import assets
from luthier.server.web.problems import problem_page

routers = [assets.router]

__all__ = ["problem_page", "routers"]
