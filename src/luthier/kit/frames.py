"""Messages through a pipe between two processes: eight bytes that say how long, then so many bytes."""

from typing import IO

_LENGTH_BYTES = 8


def write_frame(pipe: IO[bytes], *parts: bytes) -> None:
    """One message of all parts. Raises BrokenPipeError when nobody reads any more."""
    pipe.write(sum(map(len, parts)).to_bytes(_LENGTH_BYTES, "little"))
    pipe.writelines(parts)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """None when the other side has ended, even within a message."""
    length = pipe.read(_LENGTH_BYTES)
    if len(length) < _LENGTH_BYTES:
        return None
    wanted = int.from_bytes(length, "little")
    content = pipe.read(wanted)
    return content if len(content) == wanted else None
