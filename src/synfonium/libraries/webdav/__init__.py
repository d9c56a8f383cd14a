"""WebDAV's syntax (RFC 4918, RFC 9110): bodies, headers and multistatus answers. No I/O, no storage."""
