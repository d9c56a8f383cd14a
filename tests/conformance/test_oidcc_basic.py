"""`oidcc-basic-certification-test-plan`: code flow, client_secret_basic, query."""

import pytest

from .modules import BasicModules

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestOidccBasic(BasicModules):
    mode, auth = "query", "client_secret_basic"
