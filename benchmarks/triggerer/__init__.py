"""Deferred sensors side by side: what a poll costs in a real Airflow's triggerer."""
