"""The settings of an Airflow connection, and the form that asks for them."""
