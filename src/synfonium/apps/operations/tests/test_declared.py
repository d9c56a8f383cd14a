"""What apps declare for backups names columns that exist."""

import pytest
from tests.architecture.house import metadata_of, own_apps

from synfonium.kernel.app import App


@pytest.mark.parametrize("app", own_apps(), ids=lambda app: app.name)
def test_columns_that_a_backup_is_checked_by_exist(app: App) -> None:
    columns = {
        f"{table.name}.{column.name}"
        for metadata in metadata_of(app)
        for table in metadata.sorted_tables
        for column in table.columns
    }
    assert {*app.blob_columns, *app.sealed_columns} <= columns
