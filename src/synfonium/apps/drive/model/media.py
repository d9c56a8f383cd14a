"""Media types: guessed from names by a fixed table, and which of them may be shown."""

import mimetypes

UNKNOWN = "application/octet-stream"
_types = mimetypes.MimeTypes(filenames=())
for _ending, _type in {
    ".md": "text/markdown",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".log": "text/plain",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".gpx": "application/gpx+xml",
    ".epub": "application/epub+zip",
    ".7z": "application/x-7z-compressed",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".mkv": "video/x-matroska",
    ".m4a": "audio/mp4",
    ".rtf": "application/rtf",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}.items():
    _types.add_type(_type, _ending)

# What a browser shows without running anything of it. SVG, HTML, XML and PDF can run
# script: they are always offered as a download.
_SHOWN_IMAGES = frozenset(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"])
_SHOWN_SOUND = frozenset(["audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "audio/wav", "audio/x-wav"])
_SHOWN = _SHOWN_IMAGES | _SHOWN_SOUND | {"video/mp4", "video/webm", "video/ogg", "text/plain"}


def media_type_of(name: str) -> str:
    """By the name's ending alone; `application/octet-stream` when that says nothing."""
    _, dot, ending = name.rpartition(".")
    guessed = _types.guess_type(f"x.{ending}", strict=False)[0] if dot else None
    return guessed or UNKNOWN


def may_be_shown(media_type: str) -> bool:
    """Whether a browser can show it in place without running what a stranger wrote."""
    return media_type in _SHOWN


_TEXT_LIKE = frozenset(
    {
        "application/json",
        "application/xml",
        "application/x-sh",
        "application/toml",
        "application/yaml",
        "application/javascript",
        "application/gpx+xml",
    }
)


def is_text(media_type: str) -> bool:
    """Whether people can read it as it is written: words, tables, code."""
    return media_type.startswith("text/") or media_type in _TEXT_LIKE
