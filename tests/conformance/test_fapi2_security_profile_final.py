"""`fapi2-security-profile-final-test-plan`: plain_fapi, private_key_jwt, DPoP, unsigned, plain_response."""

import pytest

from .fapi2_flows import BothModules
from .fapi2_openid import OpenidModules
from .fapi2_pushed import PushedModules
from .fapi2_tokens import TokenModules

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestOpenidConnect(BothModules, TokenModules, PushedModules, OpenidModules):
    scope = "openid"


class TestPlainOauth(BothModules, TokenModules, PushedModules):
    """The same without OpenID Connect: no id token is given, and userinfo stays closed."""

    scope = "profile"
