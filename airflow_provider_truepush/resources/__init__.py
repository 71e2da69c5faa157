"""Templates, triggers and segments: finding one by its name, creating, replacing, changing and deleting it."""
