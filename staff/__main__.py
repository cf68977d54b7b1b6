"""``python -m staff``: the relay as a process of its own."""

from staff.cli import app

app(["run"], prog_name="python -m staff")
