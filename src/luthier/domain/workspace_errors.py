"""What can be wrong with the place where everything is kept."""

from luthier.domain.errors import Action, NotAllowedNow, Unreachable, WorkFailed, WrongUsage


class StoreUrlInvalid(WrongUsage):
    code = "workspace.store_url_invalid"
    sentence = "{url} is not the address of a database that Luthier can use."
    actions = (
        Action(label="Leave LUTHIER_DATABASE_URL out to use a file in the workspace"),
        Action(
            label="Or name a PostgreSQL database",
            command="LUTHIER_DATABASE_URL=postgresql://USER@HOST/DATABASE luthier serve",
        ),
    )


class StoreUnreadable(WorkFailed):
    code = "workspace.store_unreadable"
    sentence = "The database {path} cannot be read: {reason}."
    actions = (
        Action(label="Make it anew from the workspace's folders; it is kept aside", command="luthier doctor --reindex"),
        Action(
            label="Or restore a backup into another folder", command="luthier backups restore PATH --workspace FOLDER"
        ),
    )


class StoreUnreachable(Unreachable):
    code = "workspace.store_unreachable"
    sentence = "The database at {url} did not answer: {reason}."
    actions = (
        Action(label="Check that the database server runs and that LUTHIER_DATABASE_URL is right, then try again"),
    )


class StoreBusy(Unreachable):
    code = "workspace.store_busy"
    sentence = "The database {path} was in use by another program for too long."
    actions = (Action(label="Try again; if it happens again, end the program that keeps the database open"),)


class StoreNotWritable(WorkFailed):
    code = "workspace.store_not_writable"
    sentence = "The database {path} cannot be written: {reason}."
    actions = (
        Action(label="Check this user's rights and quota on that disk"),
        Action(label="Or use another workspace", command="luthier --workspace FOLDER ..."),
    )


class StoreTooNew(NotAllowedNow):
    code = "workspace.store_too_new"
    sentence = (
        "The database was last used by a newer version of Luthier: "
        "its tables are at {found}, and this version knows them up to {known}."
    )
    actions = (Action(label="Install the newer version", command="pip install --upgrade luthier"),)
