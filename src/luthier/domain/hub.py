"""The hub of models and datasets, and why it may not let somebody have what it has."""

from luthier.domain.errors import AccessDenied, Action


class HubAccessRefused(AccessDenied):
    code = "hub.access_refused"
    sentence = "The hub does not give {name} to you: {reason}."
    actions = (
        Action(label="Sign in there and ask for access: {page}"),
        Action(label="Say who you are, with a token from your settings there", command="export HF_TOKEN=hf_..."),
    )
