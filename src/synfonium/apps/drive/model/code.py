"""Which files are code, and in which language: by the ending of their names, as people tell them. Pure."""

_ENDINGS = {
    "bash": "sh bash zsh ksh",
    "c": "c h",
    "cmake": "cmake",
    "cpp": "cpp cc cxx hpp hh hxx ino",
    "csharp": "cs",
    "css": "css",
    "dart": "dart",
    "diff": "diff patch",
    "dockerfile": "dockerfile",
    "elixir": "ex exs",
    "go": "go",
    "haskell": "hs",
    "ini": "ini toml conf cfg properties desktop service",
    "java": "java",
    "javascript": "js mjs cjs jsx",
    "json": "json jsonl ipynb geojson webmanifest",
    "julia": "jl",
    "kotlin": "kt kts",
    "latex": "tex sty cls bib",
    "less": "less",
    "lua": "lua",
    "makefile": "mk",
    "matlab": "m",
    "nix": "nix",
    "ocaml": "ml mli",
    "perl": "pl pm",
    "php": "php",
    "powershell": "ps1 psm1",
    "python": "py pyi pyw",
    "r": "r",
    "ruby": "rb rake gemspec",
    "rust": "rs",
    "scala": "scala sbt",
    "scss": "scss sass",
    "sql": "sql",
    "swift": "swift",
    "typescript": "ts mts cts tsx",
    "xml": "xml html htm xhtml svelte vue xsd xsl xslt gpx kml plist",
    "yaml": "yaml yml",
}
_BY_ENDING = {ending: language for language, endings in _ENDINGS.items() for ending in endings.split()}
_BY_NAME = {"makefile": "makefile", "dockerfile": "dockerfile", "cmakelists.txt": "cmake", ".bashrc": "bash"}
LANGUAGES = frozenset(_ENDINGS)


def language_of(name: str) -> str:
    """As highlight.js calls it; empty for what is no code, or of a language that is not known here."""
    name = name.lower()
    return _BY_NAME.get(name) or _BY_ENDING.get(name.rpartition(".")[2] if "." in name else "", "")
