"""The doors of web search: for anybody, and for administrators."""

from synfonium.apps.search.http import admin, public

doors = [*public.doors, *admin.doors]
