"""Flows of other products as flow/v1, with a report of what had no equivalent."""
