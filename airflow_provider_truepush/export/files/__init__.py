"""Statistics in files, on a disk or in an object storage."""
