"""The rules of OAuth 2.0 and OpenID Connect, pure: what a request, a client and a token may be."""
