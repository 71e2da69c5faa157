"""One poller per connection, event loop and process, under all triggers that wait for campaigns."""
