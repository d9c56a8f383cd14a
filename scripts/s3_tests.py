"""Runs the public s3-tests (ceph/s3-tests) against a server of this checkout.

    scripts/s3_tests.py CHECKOUT [--python PYTHON] [--note] [--show] [WORDS …]

CHECKOUT: a copy of their repository. PYTHON: one that has what their requirements.txt names; ours by
default. WORDS go to pytest. Prints how many passed, failed and do not apply, by group, and what is worse
than docs/reference/s3-tests.txt says; --note writes that list anew.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from synfonium.testing.server import RealServer, real_server

ROOT = Path(__file__).resolve().parents[1]
KNOWN = ROOT / "docs" / "reference" / "s3-tests.txt"
FILES = ("s3tests/functional/test_s3.py", "s3tests/functional/test_headers.py")
LONGEST_S = 3600
# What these groups test is no part of Drive's S3 API (docs/decisions/0033-s3-api.md).
NOT_APPLICABLE = {
    "abac_test",
    "appendobject",
    "bucket_policy",
    "bucket_encryption",
    "bucket_logging",
    "bucket_logging_cleanup",
    "cloud_transition",
    "cloud_restore",
    "delete_marker",
    "encryption",
    "fails_on_aws",
    "fails_on_rgw",
    "iam_account",
    "iam_role",
    "iam_tenant",
    "iam_user",
    "lifecycle",
    "lifecycle_expiration",
    "lifecycle_transition",
    "object_lock",
    "object_ownership",
    "s3website",
    "sns",
    "sse_s3",
    "storage_class",
    "tagging",
    "test_of_sts",
    "versioning",
    "webidentity_test",
    "auth_aws2",
    "group",
    "target_by_bucket",
}
_NOT_BY_NAME = re.compile(
    r"acl|policy|versioning|anon|tagging|tags|lifecycle|encrypt|sse_|cors|logging|website|public|"
    r"object_lock|raw_|post_object|versioned|put_(object_)?current_|expected_bucket_owner|multipart_upload_owner|"
    r"delete_key_bucket_gone|copy_not_owned_object|ownership|torrent|ranged_request_skip|notification|atomic_dual|access_bucket|"
    r"object_raw|header_acl|aws2|bad_auth_|sse_kms|restore|block_public|usage|replication"
)
_LINE = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED) (?:\[\d+\] )?(s3tests/\S+::\S+|\S+)")

# Their clients know a host and a port; our API lies below a path.
PLUGIN = """
import boto3

def _below(make):
    def made(*given, **named):
        if str(named.get("endpoint_url", "")).count("/") == 2:
            named["endpoint_url"] += "/s3"
        return make(*given, **named)
    return made

boto3.client, boto3.resource = _below(boto3.client), _below(boto3.resource)


def pytest_collection_modifyitems(items):
    with open(__import__("os").environ["S3TEST_MARKS"], "w") as file:
        for item in items:
            file.write(item.nodeid + " " + " ".join(mark.name for mark in item.iter_markers()) + "\\n")
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--note", action="store_true")
    parser.add_argument("--show", action="store_true", help="also print what pytest said")
    args, words = parser.parse_known_args()
    with (
        tempfile.TemporaryDirectory(prefix="synfonium-s3-tests-") as folder,
        real_server(Path(folder) / "home") as server,
    ):
        outcomes, marks = _run(args, words, server, Path(folder))
    groups = _groups(outcomes, marks)
    for group, counted in sorted(groups.items()):
        print(
            f"{group:24} {counted['PASSED']:4} passed {counted['FAILED']:4} failed"
            f" {counted['n/a']:4} not applicable"
        )
    print(
        *(f"failed: {name}" for name in sorted(marks) if _said(name, outcomes, marks) == "FAILED"), sep="\n"
    )
    passed = sorted(name for name, outcome in outcomes.items() if outcome == "PASSED")
    if args.note:
        KNOWN.write_text("\n".join(passed) + "\n")
    known = set(KNOWN.read_text().split()) if KNOWN.exists() else set()
    lost = sorted(known - set(passed)) if not words else []
    print(*(f"no longer passes: {name}" for name in lost), sep="\n")
    return 1 if lost else 0


def _run(
    args: argparse.Namespace, words: list[str], server: RealServer, folder: Path
) -> tuple[dict[str, str], dict[str, set[str]]]:
    keys = {}
    for name in ("ana", "ben", "cleo"):
        server.person(name)
        keys[name] = server.run("drive", "s3-key", name, "--label", "s3-tests").split()
    (folder / "s3.conf").write_text(_configuration(server.port, keys))
    (folder / "below_a_path.py").write_text(PLUGIN)
    environment = {
        **os.environ,
        "S3TEST_CONF": str(folder / "s3.conf"),
        "S3TEST_MARKS": str(folder / "marks"),
        "PYTHONPATH": str(folder),
    }
    command = [
        args.python,
        "-m",
        "pytest",
        "-p",
        "below_a_path",
        "-q",
        "-rA",
        "--tb=no",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, *(words or ()), *([] if any("::" in word for word in words) else FILES)],
        cwd=args.checkout.resolve(),
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    found = [match for line in done.stdout.splitlines() if (match := _LINE.match(line))]
    if args.show:
        print(done.stdout)
    if not found:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    outcomes = {
        m[2].rpartition("::")[2]: "FAILED" if m[1] == "ERROR" else m[1] for m in found if "::" in m[2]
    }
    marks = {}
    for line in (folder / "marks").read_text().splitlines():
        name, *names = line.split()
        marks[name.rpartition("::")[2]] = set(names)
    return outcomes, marks


def _groups(outcomes: dict[str, str], marks: dict[str, set[str]]) -> dict[str, collections.Counter[str]]:
    groups: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for name in marks:
        said = _said(name, outcomes, marks)
        for group in ("_".join(name.removeprefix("test_").split("_")[:2]), "all"):
            groups[group][said] += 1
    return groups


def _said(name: str, outcomes: dict[str, str], marks: dict[str, set[str]]) -> str:
    outcome = outcomes.get(name, "SKIPPED")
    if outcome == "PASSED":
        return outcome
    is_other = bool(marks[name] & NOT_APPLICABLE) or bool(_NOT_BY_NAME.search(name))
    return "n/a" if is_other or outcome == "SKIPPED" else "FAILED"


def _configuration(port: int, keys: dict[str, list[str]]) -> str:
    who = {
        "s3 main": "ana",
        "s3 alt": "ben",
        "s3 tenant": "cleo",
        "iam": "ana",
        "iam root": "ana",
        "iam alt root": "ben",
    }
    sections = [
        f"[DEFAULT]\nhost = localhost\nport = {port}\nis_secure = False\nssl_verify = False\n",
        "[fixtures]\nbucket prefix = st-{random}-\niam name prefix = st-\niam path prefix = /st/\n",
        "[webidentity]\n"
        + "".join(f"{n} = x\n" for n in ("token", "aud", "sub", "azp", "user_token", "thumbprint")),
    ]
    for section, name in who.items():
        key, secret = keys[name]
        sections.append(
            f"[{section}]\ndisplay_name = {name}\nuser_id = {name}\nemail = {name}@example.org\n"
            f"access_key = {key}\nsecret_key = {secret}\ntenant = x\napi_name =\n"
        )
    return "\n".join(sections)


if __name__ == "__main__":
    sys.exit(main())
