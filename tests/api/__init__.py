"""Tests of the pure core: no network, no Airflow, no clock but the one that a test sets."""
