"""Runs in a guest's own environment, where Luthier is not installed: `PROGRAM`, and on its input what is wanted."""

import importlib
import sys

from channel import Channel, Refused


def main(program: str) -> None:
    channel = Channel()
    wanted = channel.read()
    try:
        channel.tell({"result": importlib.import_module(program).result(channel, wanted)})
    except Refused as error:
        channel.tell({"refused": str(error)})


if __name__ == "__main__":
    main(sys.argv[1])
