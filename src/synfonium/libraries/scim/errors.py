"""Refusals in the words of RFC 7644, section 3.12."""

__all__ = ["ScimError"]

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """A request that is refused. kind: `scimType` of table 9, or nothing."""

    def __init__(self, status: int, kind: str = "", detail: str = "") -> None:
        super().__init__(kind or str(status))
        self.status, self.kind, self.detail = status, kind, detail

    def message(self) -> dict[str, object]:
        """The body of the response."""
        body: dict[str, object] = {"schemas": [ERROR], "status": str(self.status)}
        if self.kind:
            body["scimType"] = self.kind
        if self.detail:
            body["detail"] = self.detail
        return body


def invalid_filter(detail: str) -> ScimError:
    return ScimError(400, "invalidFilter", detail)


def invalid_path(detail: str) -> ScimError:
    return ScimError(400, "invalidPath", detail)


def invalid_value(detail: str) -> ScimError:
    return ScimError(400, "invalidValue", detail)


def invalid_syntax(detail: str) -> ScimError:
    return ScimError(400, "invalidSyntax", detail)
