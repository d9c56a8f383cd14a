"""Doors of notifications: pages, settings, and for programs."""

from synfonium.apps.notifications.http import api, outside, pages, settings, worker

doors = (*pages.doors, *settings.doors, *api.doors, *outside.doors, *worker.doors)
