"""Hook calls side by side: what one costs."""
