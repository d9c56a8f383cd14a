"""Drive's pages, its small JSON doors, the upload of forms and the content origin."""

from synfonium.apps.drive.http import changes, nodes, pages, trash

doors = (*pages.doors, *nodes.doors, *trash.doors, *changes.doors)

__all__ = ["doors"]
