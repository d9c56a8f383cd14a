"""`fapi2-security-profile-final-test-plan`: plain_fapi, private_key_jwt, DPoP, unsigned, plain_response."""

import pytest

from .fapi2 import BothModules, OpenidModules, PushedModules, TokenModules

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestOpenidConnect(BothModules, TokenModules, PushedModules, OpenidModules):
    scope = "openid"


class TestPlainOauth(BothModules, TokenModules, PushedModules):
    """The same without OpenID Connect: no id token is given, and userinfo stays closed."""

    scope = "profile"
