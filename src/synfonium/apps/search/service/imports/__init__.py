"""Pages from files: JSON lines, web archives, Common Crawl, shards of the Open Web Index."""

from synfonium.apps.search.service.imports.add import Imports
from synfonium.apps.search.service.imports.lines import document_of, read_lines

__all__ = ["Imports", "document_of", "read_lines"]
