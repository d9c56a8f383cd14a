"""A server, a person's key at it, and Amazon's SDK."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from synfonium.testing.server import RealServer, real_server


@dataclass(frozen=True)
class Account:
    """A person's key at a server."""

    server: RealServer
    key: str
    secret: str

    @property
    def endpoint(self) -> str:
        return f"{self.server.url}/s3"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}


@pytest.fixture(scope="package")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with real_server(tmp_path_factory.mktemp("s3") / "home") as server:
        server.person("ada")
        key, secret = server.run("drive", "s3-key", "ada", "--label", "clients").split()
        yield Account(server, key, secret)


@pytest.fixture
def s3(account: Account) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=account.endpoint,
        region_name="us-east-1",
        aws_access_key_id=account.key,
        aws_secret_access_key=account.secret,
        config=Config(signature_version="s3v4", retries={"max_attempts": 1}),
    )


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = f"b-{os.urandom(4).hex()}"
    s3.create_bucket(Bucket=name)
    return name
