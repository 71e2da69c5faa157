"""What Truepush is, without Airflow and without I/O.

Endpoints, models, the reading of answers, errors, retry decisions, thresholds. Nothing in here opens a
socket, sleeps or imports Airflow, so all of it can be tested and reused as plain functions.
"""
