"""Find, create, replace, change and delete templates, triggers and segments by id or name."""
