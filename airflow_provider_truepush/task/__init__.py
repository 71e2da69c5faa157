"""What Airflow stores for a task: its state, and what the map indexes of a mapped task publish for each other."""
