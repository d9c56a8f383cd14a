# SPDX-License-Identifier: Apache-2.0
"""What Hello tells the installation of a note: the fact that it was written, and its words for the
person's search."""

from typing import Literal

from synfonium_client import Refused, Synfonium

from hello_app.notes import Note
from hello_app.objects import MEDIA_TYPE, NOTES
from hello_app.settings import Settings


def tell_written(note: Note, token: str, settings: Settings) -> None:
    """token: of the note's person. Raises synfonium_client.Refused."""
    with Synfonium(settings.issuer, token) as home:
        home.fabric_tell(
            {
                "specversion": "1.0",
                "id": f"note-{note.id}-{note.revision}",
                "source": settings.origin,
                "type": "hello.note.written",
                "subject": note.address,
                "path": f"{note.address} {NOTES}",
                "data": {"words": len(note.text.split())},
            }
        )
        home.fabric_push(
            {
                "documents": [
                    {
                        "address": note.address,
                        "title": note.title,
                        "text": note.text,
                        "path": [note.address, NOTES],
                        "interfaces": ["file/1"],
                        "media_type": MEDIA_TYPE,
                        "modified_s": note.written_s,
                        "revision": note.revision,
                    }
                ]
            }
        )


def may(note: Note, credential: str, settings: Settings, action: Literal["read", "write"]) -> bool:
    """Whether whoever came with this credential of another app was granted to do that with the note."""
    with Synfonium(settings.issuer, credential) as home:
        return home.fabric_check({"path": [note.address, NOTES], "action": action})["allowed"]


def is_there(address: str, token: str, settings: Settings) -> bool:
    """Whether we may still see what was given to us, whatever it is."""
    with Synfonium(settings.issuer, token) as home:
        try:
            home.fabric_describe(address)
        except Refused:
            return False
    return True
