"""Started as a program: gives up files, network and resources, then becomes the program that is to be kept apart.

Usage: python -I sandboxed.py FOLDER MEMORY_BYTES CPU_SECONDS PROGRAM. Exit code 97: it cannot be kept away from files.
"""

import ctypes
import os
import resource
import sys

NOT_ISOLATED = 97
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # Landlock's system calls have these numbers on every architecture
_ALL_RIGHTS = (1 << 13) - 1  # of files, in the first version of Landlock
_READ_AND_RUN = 0b1101  # execute, read a file, read a folder
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES = 38
_MOST_FILE_BYTES, _MOST_FILES = 16 << 20, 64


class _Ruleset(ctypes.Structure):
    _fields_ = [("handled_access_fs", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def main(folder: str, memory_bytes: str, cpu_seconds: str, program: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    apart = libc.unshare(_NEW_USER | _NEW_NETWORK) == 0
    limits = {
        resource.RLIMIT_AS: int(memory_bytes),
        resource.RLIMIT_CPU: int(cpu_seconds),
        resource.RLIMIT_FSIZE: _MOST_FILE_BYTES,
        resource.RLIMIT_NOFILE: _MOST_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    if not _only_files_of(libc, folder):
        sys.exit(NOT_ISOLATED)
    os.write(1, b"network closed\n" if apart else b"network open\n")
    os.execv(sys.executable, [sys.executable, "-I", "-B", program])  # noqa: S606 - that is what this is for


def _only_files_of(libc: ctypes.CDLL, folder: str) -> bool:
    """Everything but `folder` and what Python itself is made of is out of reach from here on, for children as well."""
    ruleset = _Ruleset(_ALL_RIGHTS)
    descriptor = libc.syscall(_CREATE, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    if descriptor < 0:
        return False
    readable = {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom", sys.prefix, sys.base_prefix}
    places = {folder: _ALL_RIGHTS, **dict.fromkeys(filter(os.path.isdir, readable), _READ_AND_RUN)}
    places |= {name: 0b100 for name in readable if os.path.isfile(name) or name.startswith("/dev/")}  # noqa: PTH113
    for name, rights in places.items():
        place = os.open(name, os.O_PATH | os.O_CLOEXEC)
        rule = _Beneath(rights, place)
        if libc.syscall(_ADD, descriptor, 1, ctypes.byref(rule), 0):
            return False
        os.close(place)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return bool(libc.syscall(_RESTRICT, descriptor, 0) == 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
