"""Moving in: what a person has elsewhere comes into their drive, as a job that outlives crashes.

A source (`port.py`) is listed and read; a run (`run.py`) takes what it lists (`taking.py`) and notes
it; the movers (`movers.py`) begin, pause and end runs.
"""
