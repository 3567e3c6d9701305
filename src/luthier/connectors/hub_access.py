"""Who asks the hub: a token that goes to the hub alone, and what its refusals mean."""

from luthier.domain.hub import HubAccessRefused
from luthier.kit.http import HttpFailed

_GATED = "GatedRepo"  # how the hub names it in the X-Error-Code of its answer


def refused(failure: HttpFailed, name: str, page: str, token: str | None) -> HubAccessRefused | None:
    """None for every other failure, and where the hub does not say whether there is such a thing at all."""
    if failure.status == 401 and token is not None:
        reason = "it does not know the token in HF_TOKEN"
    elif failure.status == 403 or (failure.status == 401 and failure.error_code == _GATED):
        reason = "its owner lets only those have it who asked for access and accepted its terms"
        reason += "" if token is not None else ", and no token says who you are"
    else:
        return None
    return HubAccessRefused(name=name, page=page, reason=reason, details=str(failure))
