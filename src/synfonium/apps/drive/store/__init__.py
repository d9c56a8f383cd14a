"""The SQL of a drive, as functions of a connection; every write of the tree is here."""
