"""Sending calls: two thin transports over one core. No Airflow in here."""
