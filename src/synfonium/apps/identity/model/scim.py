"""What a directory may know of an organisation: the SCIM schemas that are kept here.

The attributes of RFC 7643 that somebody needs here and no others: a directory sends what it
has, and what is not in the schema is not kept.
"""

from typing import Any

from synfonium.libraries.scim.filters import Names
from synfonium.libraries.scim.patch import Shape

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MOST_OPERATIONS = 1_000
LARGEST_BULK_BYTES = 4 * 1024 * 1024
MOST_RESULTS = 1_000
EMAIL_TYPES = ("work", "home", "other")

Attribute = dict[str, Any]


def _attribute(name: str, description: str, **given: Any) -> Attribute:
    return {
        "name": name,
        "type": "string",
        "multiValued": False,
        "description": description,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **given,
    }


def _complex(name: str, description: str, parts: list[Attribute], **given: Any) -> Attribute:
    made = _attribute(name, description, type="complex", subAttributes=parts, **given)
    del made["caseExact"]
    return made


def _reference(description: str, kind: str, **given: Any) -> Attribute:
    return _attribute("$ref", description, type="reference", referenceTypes=[kind], caseExact=True, **given)


_USER_ATTRIBUTES = [
    _attribute(
        "userName",
        "What the directory calls the person; the name to sign in with is made from it.",
        required=True,
        uniqueness="server",
    ),
    _complex(
        "name",
        "The parts of the person's name.",
        [
            _attribute("formatted", "The whole name, as it is written."),
            _attribute("familyName", "The family name."),
            _attribute("givenName", "The given name."),
        ],
    ),
    _attribute("displayName", "What the person is called here."),
    _attribute("preferredLanguage", "The language in which to speak to the person."),
    _attribute("active", "Whether the person may sign in.", type="boolean"),
    _complex(
        "emails",
        "Addresses of the person.",
        [
            _attribute("value", "The address."),
            _attribute("display", "How the address is shown."),
            _attribute("type", "What the address is for.", canonicalValues=list(EMAIL_TYPES)),
            _attribute("primary", "Whether it is the one to use.", type="boolean"),
        ],
        multiValued=True,
    ),
    _complex(
        "groups",
        "The groups that the person is in; changed in the groups.",
        [
            _attribute("value", "The group's id.", mutability="readOnly", caseExact=True),
            _reference("The group.", "Group", mutability="readOnly"),
            _attribute("display", "The group's name.", mutability="readOnly"),
            _attribute("type", "How the person is in it.", mutability="readOnly", canonicalValues=["direct"]),
        ],
        multiValued=True,
        mutability="readOnly",
    ),
]
_GROUP_ATTRIBUTES = [
    _attribute("displayName", "The group's name; none may look like another's.", required=True),
    _complex(
        "members",
        "The people in the group.",
        [
            _attribute("value", "The person's id.", mutability="immutable", caseExact=True),
            _reference("The person.", "User", mutability="immutable"),
            _attribute("type", "What the member is.", mutability="immutable", canonicalValues=["User"]),
        ],
        multiValued=True,
    ),
]
_META = ("resourceType", "created", "lastModified", "location", "version")
_COMMON = ("id", "externalId", "meta", "schemas", *_META)
_TIMES = frozenset({"meta.created", "meta.lastModified"})
_EXACT = frozenset(
    {
        *("id", "externalId", "meta.location", "meta.version"),
        *("groups.value", "groups.$ref", "members.value", "members.$ref"),
    }
)


def _names(urn: str, attributes: list[Attribute]) -> Names:
    parts = [part["name"] for one in attributes for part in one.get("subAttributes", ())]
    every = [*_COMMON, *parts, *(one["name"] for one in attributes)]
    canonical = {name.lower(): name for name in every}
    return Names(canonical=canonical, exact=_EXACT, times=_TIMES, urns=frozenset({urn.lower()}))


def _shape(urn: str, attributes: list[Attribute]) -> Shape:
    return Shape(
        names=_names(urn, attributes),
        own=frozenset(one["name"] for one in attributes),
        many=frozenset(one["name"] for one in attributes if one["multiValued"]),
        read_only=frozenset(
            {"id", "meta", *(one["name"] for one in attributes if one["mutability"] == "readOnly")}
        ),
        required=frozenset(one["name"] for one in attributes if one["required"]),
    )


def _both(one: Names, other: Names) -> Names:
    return Names(
        canonical={**one.canonical, **other.canonical},
        exact=one.exact | other.exact,
        times=one.times | other.times,
        urns=one.urns | other.urns,
    )


USER_SHAPE, GROUP_SHAPE = _shape(USER, _USER_ATTRIBUTES), _shape(GROUP, _GROUP_ATTRIBUTES)

ALL_NAMES = _both(USER_SHAPE.names, GROUP_SHAPE.names)


def schemas(base: str) -> list[dict[str, Any]]:
    """RFC 7643, section 7."""
    return [
        _schema(base, USER, "User", "A person of the organisation", _USER_ATTRIBUTES),
        _schema(base, GROUP, "Group", "People of the organisation together", _GROUP_ATTRIBUTES),
    ]


def _schema(base: str, urn: str, name: str, description: str, attributes: list[Attribute]) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{urn}"},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """RFC 7643, section 6."""
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "description": description,
            "schema": urn,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, urn, description in (
            ("User", USER, "People of the organisation"),
            ("Group", GROUP, "Groups of the organisation"),
        )
    ]


def service_provider(base: str) -> dict[str, Any]:
    """RFC 7643, section 5."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": MOST_OPERATIONS,
            "maxPayloadSize": LARGEST_BULK_BYTES,
        },
        "filter": {"supported": True, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token made on the organisation's page, good for it alone.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }
