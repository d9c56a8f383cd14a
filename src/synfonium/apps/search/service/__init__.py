"""Use cases of web search: find, import, crawl, measure.

Kept empty: the parsing child imports its one module from here and must stay small.
"""
