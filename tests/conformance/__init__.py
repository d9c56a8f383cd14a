"""The OpenID Provider against what others wrote down: the modules of the OpenID Foundation's
conformance suite under their own names, the attacks of RFC 9700 by section, and fuzzing.

`docs/reference/conformance.toml` says which module is which test, and why some do not apply.
"""
