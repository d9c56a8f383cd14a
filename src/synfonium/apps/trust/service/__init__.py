"""Use cases of trust: the audit, and the report of promises."""
