# SPDX-License-Identifier: Apache-2.0
"""Hello: an app of nobody's, with a web origin of its own, that knows Synfonium by its documentation."""
