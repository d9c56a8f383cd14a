"""All typed doors of the app, in one row."""

from synfonium.apps.pc.http import machines, opening

doors = (*opening.doors, *machines.doors)
