"""Truepush's API without Airflow and without I/O.

This package has the endpoints, models, answer readers, errors, retry decisions and schedules. Nothing in it opens a
socket, sleeps or imports Airflow, so all of it can be tested and reused as plain functions.
"""
