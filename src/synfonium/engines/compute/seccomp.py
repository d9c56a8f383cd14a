"""A seccomp filter that takes from a machine the system calls a desktop never needs.

Made by hand as classic BPF (seccomp(2), linux/seccomp.h): refused calls answer EPERM, so
that programs carry on. A new user namespace is refused too, since it is the way to most
of the kernel; clone3 answers ENOSYS because its flags cannot be seen here, and libraries
then fall back to clone.
"""

import platform
import struct

_LOAD, _JUMP_EQUAL, _JUMP_ANY_BIT, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_CLONE_NEWUSER, _TIOCSTI, _TIOCLINUX = 0x10000000, 0x5412, 0x541C
_X32 = 0x40000000

# linux/audit.h architecture, then system call numbers of that architecture.
_REFUSED = (
    "acct", "add_key", "bpf", "delete_module", "finit_module", "init_module", "io_uring_enter",
    "io_uring_register", "io_uring_setup", "kexec_file_load", "kexec_load", "keyctl", "mount", "move_mount",
    "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "quotactl", "reboot", "request_key",
    "setns", "swapon", "swapoff", "syslog", "umount2", "userfaultfd",
)  # fmt: skip
_X86_64 = {
    "acct": 163, "add_key": 248, "bpf": 321, "clone": 56, "clone3": 435, "delete_module": 176,
    "finit_module": 313, "init_module": 175, "io_uring_enter": 426, "io_uring_register": 427,
    "io_uring_setup": 425, "ioctl": 16, "kexec_file_load": 320, "kexec_load": 246, "keyctl": 250,
    "mount": 165, "move_mount": 429, "open_by_handle_at": 304, "open_tree": 428, "perf_event_open": 298,
    "pivot_root": 155, "quotactl": 179, "reboot": 169, "request_key": 249, "setns": 308, "swapoff": 168,
    "swapon": 167, "syslog": 103, "umount2": 166, "unshare": 272, "userfaultfd": 323,
}  # fmt: skip
_AARCH64 = {
    "acct": 89, "add_key": 217, "bpf": 280, "clone": 220, "clone3": 435, "delete_module": 106,
    "finit_module": 273, "init_module": 105, "io_uring_enter": 426, "io_uring_register": 427,
    "io_uring_setup": 425, "ioctl": 29, "kexec_file_load": 294, "kexec_load": 104, "keyctl": 219,
    "mount": 40, "move_mount": 429, "open_by_handle_at": 265, "open_tree": 428, "perf_event_open": 241,
    "pivot_root": 41, "quotactl": 60, "reboot": 142, "request_key": 218, "setns": 268, "swapoff": 225,
    "swapon": 224, "syslog": 116, "umount2": 39, "unshare": 97, "userfaultfd": 282,
}  # fmt: skip
_TABLES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}


def machine_filter(architecture: str = platform.machine()) -> bytes:
    """The filter as an array of `struct sock_filter`, or nothing where we have no table."""
    if architecture not in _TABLES:
        return b""
    audit, numbers = _TABLES[architecture]
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if architecture == "x86_64":
        program += [(_JUMP_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    for name in _REFUSED:
        program += [(_JUMP_EQUAL, 0, 1, numbers[name]), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    program += [(_JUMP_EQUAL, 0, 1, numbers["clone3"]), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    for name in ("clone", "unshare"):
        program += _when(numbers[name], _FIRST_ARGUMENT, (_JUMP_ANY_BIT, _CLONE_NEWUSER))
    for request in (_TIOCSTI, _TIOCLINUX):
        program += _when(numbers["ioctl"], _SECOND_ARGUMENT, (_JUMP_EQUAL, request))
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _when(number: int, argument: int, test: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Refuses call `number` when the low half of its argument passes `test`."""
    jump, value = test
    return [
        (_JUMP_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, argument),
        (jump, 0, 1, value),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_LOAD, 0, 0, _NUMBER),
    ]
