"""The OpenID Provider: use cases of its endpoints, of clients and of keys."""
