"""Drive's pages and small JSON doors."""

doors = ()
