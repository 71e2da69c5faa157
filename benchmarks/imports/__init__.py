"""What importing costs a Dag file."""
