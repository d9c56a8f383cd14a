"""Nextcloud's protocol, so that its desktop and phone apps work here unchanged.

WebDAV with more properties below `/remote.php`, uploads by chunks and in bulk, the trash, OCS
answers below `/ocs`, the login flow below
`/index.php`, and changes as they happen at `/push/ws`.
"""

from synfonium.apps.drive.nextcloud.door import remote_app
from synfonium.apps.drive.nextcloud.login import index_app
from synfonium.apps.drive.nextcloud.ocs import ocs_app
from synfonium.apps.drive.nextcloud.push import push_app
from synfonium.apps.drive.nextcloud.status import status_app

__all__ = ["index_app", "ocs_app", "push_app", "remote_app", "status_app"]
