"""Durable jobs: DBOS in one process."""
