"""The files that a demo is made of: app.txt becomes its app.py, and is never imported here."""

from importlib.resources import files

REQUIREMENTS = ("gradio>=5,<7", "openai>=2")
WITH_FILE = "xllamacpp>=0.2"


def app_text() -> str:
    return files(__name__).joinpath("app.txt").read_text("utf-8")
