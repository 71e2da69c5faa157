"""Watch a campaign until its delivery goal is met: goals, memory between polls, and the wait of a task."""
