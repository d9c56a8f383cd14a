"""`oidcc-formpost-basic-certification-test-plan`: the basic plan, answered by a form."""

import pytest

from .modules import BasicModules

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestOidccFormPostBasic(BasicModules):
    mode, auth = "form_post", "client_secret_basic"
