"""Rules of identity that need no database: people and credentials, and OpenID Connect."""
