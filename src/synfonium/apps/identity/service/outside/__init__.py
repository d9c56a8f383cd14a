"""Signing in by an outside OpenID Provider or a directory.

`sources` keeps them, `upstream` speaks OpenID Connect with one, `tokens` checks what it signed,
`attempts` is the way there and back, `directory` speaks LDAP, and `admission` decides who comes
in: accounts are bound by issuer and subject, never by a name or an address alone.
"""
