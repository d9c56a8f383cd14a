# SPDX-License-Identifier: Apache-2.0
"""What Hello tells the installation of a note: the fact that it was written, and its words for the
person's search."""

from synfonium_client import Synfonium

from hello_app.notes import Note
from hello_app.objects import MEDIA_TYPE, NOTES
from hello_app.settings import Settings


def tell_written(note: Note, token: str, settings: Settings) -> None:
    """token: of the note's person. Raises synfonium_client.Refused."""
    with Synfonium(settings.issuer, token) as home:
        home.fabric_tell(
            {
                "specversion": "1.0",
                "id": f"note-{note.id}",
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


def may_read(note: Note, credential: str, settings: Settings) -> bool:
    """Whether whoever came with this credential of another app was granted the note."""
    with Synfonium(settings.issuer, credential) as home:
        return home.fabric_check({"path": [note.address, NOTES], "action": "read"})["allowed"]
