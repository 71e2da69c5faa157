"""What a create, a watcher's poll and an export cost as a project's history grows."""
