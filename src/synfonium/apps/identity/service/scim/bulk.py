"""Many changes in one request (RFC 7644, section 3.7), a few dozen in each transaction.

Each operation stands alone: one that is refused undoes nothing of the others. What refers
to a resource that is made later in the same request waits until that is there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.scim import MOST_OPERATIONS
from synfonium.apps.identity.service.members import Members
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.scim.refusals import as_scim_error
from synfonium.apps.identity.service.scim.single import Kind, write_one
from synfonium.common.problem import Problem
from synfonium.kernel.context import Context
from synfonium.libraries.scim.errors import ScimError, invalid_path, invalid_syntax, invalid_value
from synfonium.libraries.scim.schemas import says

REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
IN_ONE_COMMIT = 50
_PATH = re.compile(r"/(Users|Groups)(?:/([^/?#]{1,200}))?")
_STATUS = {"POST": "201", "PUT": "200", "PATCH": "200", "DELETE": "204"}
Operation = Mapping[str, Any]
Answer = dict[str, Any]


class _Done(msgspec.Struct):
    """What one transaction did. made: bulkId to id; errors: how many were refused."""

    answers: dict[int, Answer] = {}
    made: dict[str, str] = {}
    errors: int = 0


class Bulk:
    """Runs the operations of a BulkRequest."""

    def __init__(self, context: Context, kinds: Mapping[str, Kind], members: Members) -> None:
        self._context, self._kinds, self._members = context, kinds, members

    async def run(self, authority: Authority, body: Any) -> dict[str, Any]:
        """A BulkResponse, its operations in the order they were asked. Raises ScimError."""
        operations, most_errors = _checked(body)
        all_done, order = _Done(), _order(operations)
        for start in range(0, len(order), IN_ONE_COMMIT):
            some = [(at, operations[at]) for at in order[start : start + IN_ONE_COMMIT]]
            patience = most_errors - all_done.errors if most_errors else 0
            work = partial(
                self._commit, authority=authority, some=some, known=dict(all_done.made), patience=patience
            )
            done = await self._context.database.write(work)
            all_done.answers |= done.answers
            all_done.made |= done.made
            all_done.errors += done.errors
            if most_errors and all_done.errors >= most_errors:
                break
        self._members.forget()
        answers = [answer for _at, answer in sorted(all_done.answers.items())]
        return {"schemas": [RESPONSE], "Operations": answers}

    def _commit(
        self,
        connection: Connection,
        *,
        authority: Authority,
        some: Sequence[tuple[int, Operation]],
        known: dict[str, str],
        patience: int,
    ) -> _Done:
        done = _Done()
        for at, operation in some:
            done.answers[at] = answer = {
                key: operation[key] for key in ("method", "bulkId") if isinstance(operation.get(key), str)
            }
            try:
                with connection.begin_nested():
                    answer |= self._one(connection, authority, operation, {**known, **done.made})
                if "bulkId" in answer and answer["method"] == "POST":
                    done.made[answer["bulkId"]] = answer["location"].rpartition("/")[2]
            except (ScimError, Problem) as refusal:
                error = as_scim_error(refusal) if isinstance(refusal, Problem) else refusal
                answer |= {"status": str(error.status), "response": error.message()}
                done.errors += 1
                if patience and done.errors >= patience:
                    break
        return done

    def _one(
        self, connection: Connection, authority: Authority, operation: Operation, made: Mapping[str, str]
    ) -> Answer:
        method = str(operation.get("method", "")).upper()
        if method not in _STATUS:
            raise invalid_syntax("A method is POST, PUT, PATCH or DELETE.")
        path = _PATH.fullmatch(str(operation.get("path", "")))
        if path is None or (path[2] is None) != (method == "POST"):
            raise invalid_path("A path is /Users or /Groups to make one, with an id to change one.")
        if method == "POST" and not isinstance(operation.get("bulkId"), str):
            raise invalid_value("Making a resource needs a bulkId.")
        id_ = _resolved(path[2] or "", made)
        body, version = _resolved(operation.get("data"), made), operation.get("version")
        if_match = version if isinstance(version, str) else ""
        resource = write_one(connection, self._kinds[path[1]], authority, method, id_, body, if_match)
        base = f"{self._context.site.public_url}/scim/v2/{authority.organisation.slug}"
        if resource is None:
            return {"status": "204", "location": f"{base}/{path[1]}/{id_}"}
        meta = resource["meta"]
        return {"status": _STATUS[method], "location": meta["location"], "version": meta["version"]}


def _checked(body: Any) -> tuple[list[Operation], int]:
    """The operations and after how many errors to stop, 0 for never. Raises ScimError."""
    if not says(body, REQUEST):
        raise invalid_syntax("This is not a BulkRequest message.")
    operations, most_errors = body.get("Operations"), body.get("failOnErrors") or 0
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise invalid_syntax("Operations are a list of objects.")
    if len(operations) > MOST_OPERATIONS:
        raise ScimError(413, "tooLarge", f"At most {MOST_OPERATIONS} operations in one request.")
    if not isinstance(most_errors, int) or most_errors < 0:
        raise invalid_value("failOnErrors is a number.")
    ids = [one["bulkId"] for one in operations if isinstance(one.get("bulkId"), str)]
    if len(ids) != len(set(ids)):
        raise invalid_value("A bulkId stands once in a request.")
    return operations, most_errors


def _order(operations: Sequence[Operation]) -> list[int]:
    """Positions in the order to run: what refers to something made later comes last."""
    there: set[str] = set()
    ready: list[int] = []
    waiting: list[int] = []
    for at, operation in enumerate(operations):
        needs = set(_references([operation.get("path"), operation.get("data")]))
        (ready if needs <= there else waiting).append(at)
        if isinstance(operation.get("bulkId"), str):
            there.add(operation["bulkId"])
    return [*ready, *waiting]


def _references(value: Any) -> Iterator[str]:
    """Every bulkId that a value refers to; it has been read, so it is not nested too deep."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, str) and "bulkId:" in one:
            yield one.partition("bulkId:")[2]


def _resolved(value: Any, made: Mapping[str, str]) -> Any:
    """The value with ids in place of `bulkId:…`. Raises ScimError for one that is not made."""
    if isinstance(value, dict):
        return {key: _resolved(part, made) for key, part in value.items()}
    if isinstance(value, list):
        return [_resolved(part, made) for part in value]
    if not isinstance(value, str) or not value.startswith("bulkId:"):
        return value
    if value.removeprefix("bulkId:") not in made:
        raise invalid_value("This bulkId stands for nothing that was made.")
    return made[value.removeprefix("bulkId:")]
