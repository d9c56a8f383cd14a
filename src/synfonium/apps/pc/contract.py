# SPDX-License-Identifier: Apache-2.0
"""What other apps may know of PCs: their addresses and what happens to them.

Events (subject `pc:machine/<id>`, data `{"owner"}`): `pc.machine.created`,
`pc.machine.started`, `pc.machine.stopped`, `pc.machine.deleted`.
"""

ALL = "pc:all"
"""The address of all PCs of a person."""

MACHINE_CREATED = "pc.machine.created"
MACHINE_STARTED = "pc.machine.started"
MACHINE_STOPPED = "pc.machine.stopped"
MACHINE_DELETED = "pc.machine.deleted"


def address_of(machine_id: str) -> str:
    return f"pc:machine/{machine_id}"


def machine_of(address: str) -> str:
    """The id in a PC's address, or an empty string for anything else's."""
    kind, _, machine_id = address.partition("/")
    return machine_id if kind == "pc:machine" else ""
