"""SCIM 2.0 without any domain: filters, PATCH and messages (RFC 7643, RFC 7644)."""
