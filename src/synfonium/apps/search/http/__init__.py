"""The doors of web search: for anybody, and for administrators."""
