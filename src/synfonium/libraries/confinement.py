"""A process gives up all that it does not need to compute: no file, no network, no other program.

`confine` is called by a child that has loaded its code and been given its input as an open file,
before it looks at what a stranger wrote. Afterwards it can read and write what is open, get memory up
to its limit, and end; every other system call is refused with EACCES (seccomp(2), classic BPF).
No helper program and no privilege are needed. Linux on x86_64 and aarch64 alone.
"""

import ctypes
import os
import platform
import resource
import struct

__all__ = ["CannotConfine", "confine", "program"]

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 13
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_PROT_EXEC, _AT_EMPTY_PATH = 4, 0x1000

_PLAIN = (
    "brk", "clock_gettime", "clock_nanosleep", "close", "exit", "exit_group", "fstat", "futex", "getpid",
    "getrandom", "gettid", "gettimeofday", "lseek", "madvise", "mremap", "munmap", "nanosleep", "pread64",
    "read", "readv", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity",
    "sched_yield", "set_robust_list", "sigaltstack", "write", "writev",
)  # fmt: skip
# linux/audit.h architecture, then system call numbers of that architecture.
_X86_64 = {
    "brk": 12, "clock_gettime": 228, "clock_nanosleep": 230, "close": 3, "exit": 60, "exit_group": 231,
    "fstat": 5, "futex": 202, "getpid": 39, "getrandom": 318, "gettid": 186, "gettimeofday": 96, "lseek": 8,
    "madvise": 28, "mmap": 9, "mprotect": 10, "mremap": 25, "munmap": 11, "nanosleep": 35, "newfstatat": 262,
    "pread64": 17, "read": 0, "readv": 19, "rseq": 334, "rt_sigaction": 13, "rt_sigprocmask": 14,
    "rt_sigreturn": 15, "sched_getaffinity": 204, "sched_yield": 24, "set_robust_list": 273,
    "sigaltstack": 131, "write": 1, "writev": 20,
}  # fmt: skip
_AARCH64 = {
    "brk": 214, "clock_gettime": 113, "clock_nanosleep": 115, "close": 57, "exit": 93, "exit_group": 94,
    "fstat": 80, "futex": 98, "getpid": 172, "getrandom": 278, "gettid": 178, "gettimeofday": 169,
    "lseek": 62, "madvise": 233, "mmap": 222, "mprotect": 226, "mremap": 216, "munmap": 215,
    "nanosleep": 101, "newfstatat": 79, "pread64": 67, "read": 63, "readv": 65, "rseq": 293,
    "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "sched_getaffinity": 123,
    "sched_yield": 124, "set_robust_list": 99, "sigaltstack": 132, "write": 64, "writev": 66,
}  # fmt: skip
_TABLES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}


class CannotConfine(Exception):
    """This kernel or machine does not let us; whoever asked must not go on."""


def program(architecture: str) -> bytes:
    """The filter as an array of `struct sock_filter`. Raises CannotConfine."""
    if architecture not in _TABLES:
        raise CannotConfine(architecture)
    audit, numbers = _TABLES[architecture]
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for name in _PLAIN:
        code += [(_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, _ALLOW)]
    for name in ("mmap", "mprotect"):  # memory, and never code
        code += _when(numbers[name], 2, (_ANY_BIT, _PROT_EXEC), met=_REFUSE, unmet=_ALLOW)
    # glibc asks fstat so; with a path it would tell which files there are.
    code += _when(numbers["newfstatat"], 3, (_EQUAL, _AT_EMPTY_PATH), met=_ALLOW, unmet=_REFUSE)
    code.append((_RETURN, 0, 0, _REFUSE))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _when(
    number: int, argument: int, test: tuple[int, int], *, met: int, unmet: int
) -> list[tuple[int, int, int, int]]:
    """What call `number` gets, by the low half of one of its arguments."""
    jump, value = test
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * argument),
        (jump, 0, 1, value),
        (_RETURN, 0, 0, met),
        (_RETURN, 0, 0, unmet),
    ]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def confine(*, memory_bytes: int, cpu_s: int) -> None:
    """For the calling thread, and for ever. Raises CannotConfine, and then nothing may go on."""
    os.nice(10)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: cpu_s,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    code = program(platform.machine())
    filter_ = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise CannotConfine("no_new_privs")
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_), 0, 0) != 0:
        raise CannotConfine(os.strerror(ctypes.get_errno()))
