"""Why a request is refused before anything is done for it: its address, origin, form, size or number."""

from luthier.domain.errors import AccessDenied, Action, NotAllowedNow, NotFound, ShortOfResources, WrongUsage


class HostNotServed(WrongUsage):
    code = "requests.host_not_served"
    sentence = "This server does not answer to the name {host}."
    actions = (
        Action(label="Open it by its own address: {url}"),
        Action(label="When you forward the port by SSH, forward it to the same number"),
    )


class OriginNotAllowed(AccessDenied):
    code = "requests.origin_not_allowed"
    sentence = "The request comes from another site ({origin}), and only this server's own pages may ask."
    actions = (Action(label="Use the pages of this server: {url}"),)


class ContentTypeNotAccepted(WrongUsage):
    code = "requests.content_type_not_accepted"
    sentence = "The body is sent as {content_type}; this address takes {accepted}."
    actions = (Action(label="Send JSON with `Content-Type: application/json`"),)


class BodyTooLarge(WrongUsage):
    code = "requests.body_too_large"
    sentence = "The body is larger than the {limit} that this address takes."
    actions = (
        Action(label="Import a large file from its place on this machine", command="luthier datasets import PATH"),
    )


class BodyTooSlow(WrongUsage):
    code = "requests.body_too_slow"
    sentence = "No more of the body arrived for {seconds} s."
    actions = (Action(label="Send it again over a better connection"),)


class TooManyRequests(NotAllowedNow):
    code = "requests.too_many"
    sentence = "There were too many requests in a short time."
    actions = (Action(label="Wait {seconds} s, then go on"),)


class TooManyStreams(NotAllowedNow):
    code = "requests.too_many_streams"
    sentence = "{streams} live streams are open already, which is as many as one sign-in may have."
    actions = (Action(label="Close some of the pages that watch a run, then try again"),)


class RequestInvalid(WrongUsage):
    code = "requests.invalid"
    sentence = "The request is not valid at {where}: {reason}."
    actions = (Action(label="See what this address takes in docs/reference/api.md"),)


class NoSuchAddress(NotFound):
    code = "requests.no_such_address"
    sentence = "There is nothing at {path}."
    actions = (Action(label="Start from the home page: /"), Action(label="See the API in docs/reference/api.md"))


class MethodNotServed(WrongUsage):
    code = "requests.method_not_served"
    sentence = "{path} does not take {method}."
    actions = (Action(label="See what it takes in docs/reference/api.md"),)


class IdempotencyKeyInvalid(WrongUsage):
    code = "requests.idempotency_key_invalid"
    sentence = "An Idempotency-Key is 1 to 128 printable characters."
    actions = (Action(label="Use a fresh UUID for each new wish, and the same one when you repeat it"),)


class IdempotencyKeyReused(WrongUsage):
    code = "requests.idempotency_key_reused"
    sentence = "This Idempotency-Key was used before for a different request."
    actions = (Action(label="Use a fresh key for each new wish"),)


class RequestUnfinished(NotAllowedNow):
    code = "requests.unfinished"
    sentence = (
        "A request with this Idempotency-Key was begun and has no answer; it is still going on or was interrupted."
    )
    actions = (
        Action(label="Ask again in a moment"),
        Action(label="See whether it had an effect", command="luthier runs list"),
    )


class UploadNeedsSpace(ShortOfResources):
    code = "requests.upload_needs_space"
    sentence = "The upload of {needed} does not fit on the disk of the workspace, which has {free} free."
    actions = (Action(label="Free some space on that disk, then try again"),)
