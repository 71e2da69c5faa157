"""An Airflow connection's fields as settings, and the form that asks for them."""
