"""SQL of the OpenID Provider."""
