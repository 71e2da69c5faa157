"""Truepush's protocol without I/O: endpoints, calls, the answer's envelope, retries and paging."""
