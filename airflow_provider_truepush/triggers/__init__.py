"""Airflow's triggers: the asynchronous half of a deferral. They poll, and never create."""
