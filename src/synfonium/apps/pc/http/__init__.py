"""Pages and doors of PCs."""

from synfonium.apps.pc.http import machines, opening

doors = (*opening.doors, *machines.doors)
