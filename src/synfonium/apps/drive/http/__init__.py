"""Drive's pages, its small JSON doors, the upload of forms and the content origin."""

from synfonium.apps.drive.http import (
    changes,
    chosen,
    connect,
    group_folders,
    installed,
    moving_in,
    nodes,
    pages,
    present,
    previews,
    public,
    reports,
    rows,
    s3_keys,
    sharing,
    storage,
    trash,
    using,
    vaults,
    versions,
)

doors = (
    *pages.doors,
    *nodes.doors,
    *chosen.doors,
    *present.doors,
    *rows.doors,
    *installed.doors,
    *trash.doors,
    *versions.doors,
    *previews.doors,
    *storage.doors,
    *using.doors,
    *changes.doors,
    *connect.doors,
    *sharing.doors,
    *group_folders.doors,
    *public.doors,
    *reports.doors,
    *s3_keys.doors,
    *vaults.doors,
    *moving_in.doors,
)

__all__ = ["doors"]
