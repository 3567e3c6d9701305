"""Where examples come from, and what can be wrong with the way there."""

from luthier.domain.errors import Action, DataProblem, NotFound, Unreachable, WrongUsage
from luthier.kit.frozen import Frozen


class SourceOptions(Frozen):
    """How a person wants a source to be read; empty says nothing."""

    encoding: str | None = None  # by which name Python knows it; found out when left out
    query: str | None = None  # which rows of a database
    fixes: tuple[str, ...] = ()  # names of fixes, or "safe" for all that have one right answer


class EncodingUnknown(WrongUsage):
    code = "datasets.encoding_unknown"
    sentence = "{encoding} is no encoding of text."
    actions = (
        Action(label="Name one such as cp1252, shift_jis or gb18030"),
        Action(label="Leave --encoding out; it is found by the file's content"),
    )


class FixUnknown(WrongUsage):
    code = "datasets.fix_unknown"
    sentence = "There is no fix called {name}; the fixes are {names}."
    actions = (Action(label="Apply every fix that has one right answer: --fix safe"),)


class QueryMissing(WrongUsage):
    code = "datasets.query_missing"
    sentence = "{source} is a database; a query must say which rows are examples."
    actions = (
        Action(
            label="Say which rows",
            command='luthier datasets check {source} --query "SELECT question AS prompt, answer AS completion FROM t"',
        ),
    )


class QueryNotUsed(WrongUsage):
    code = "datasets.query_not_used"
    sentence = "{source} is no database, so a query cannot be asked of it."
    actions = (Action(label="Leave --query out, or name a database: a file of SQLite, or postgresql://..."),)


class QueryFailed(DataProblem):
    code = "datasets.query_failed"
    sentence = "{source} does not answer the query: {reason}."
    actions = (
        Action(label="Try the query in the database's own program"),
        Action(label="Only one SELECT is allowed; the database is opened for reading"),
    )


class DatabaseUnreachable(Unreachable):
    code = "datasets.database_unreachable"
    sentence = "The database at {source} cannot be reached: {reason}."
    actions = (
        Action(label="Check the address, the name and the password"),
        Action(label="Save the query's result as CSV and give that file"),
    )


class SourceHostNotAllowed(WrongUsage):
    code = "datasets.host_not_allowed"
    sentence = "{origin} is not on the list of places that examples may be fetched from."
    actions = (
        Action(label="Allow it for this machine", command="export LUTHIER_DATA_ORIGINS='[\"{origin}\"]'"),
        Action(label="Fetch the file yourself, and give its path"),
    )


class SourceUnreachable(Unreachable):
    code = "datasets.source_unreachable"
    sentence = "{source} cannot be fetched: {reason}."
    actions = (
        Action(label="Check the address and the connection, and try again"),
        Action(label="Fetch the file yourself, and give its path"),
    )


class HubDatasetNotFound(NotFound):
    code = "datasets.hub_not_found"
    sentence = "The hub has no dataset {name}, or shows it to its members only."
    actions = (
        Action(label="Check the spelling: hub:owner/name, hub:owner/name@revision, or hub:owner/name/file"),
        Action(label="If it is private, say who you are", command="export HF_TOKEN=hf_..."),
        Action(label="Fetch it yourself, and give its path"),
    )


class HubDatasetSplits(WrongUsage):
    code = "datasets.hub_splits"
    sentence = "{name} has files of several parts, which must not be mixed: {files}."
    actions = (Action(label="Name the file or folder to use", command="luthier datasets check {name}/{first}"),)
