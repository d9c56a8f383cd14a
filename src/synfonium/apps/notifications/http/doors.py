"""All typed doors of the app, in one row."""

from synfonium.apps.notifications.http import api, outside, pages, settings, worker

doors = (*pages.doors, *settings.doors, *api.doors, *outside.doors, *worker.doors)
