"""What is sent to Truepush and what it returns: campaigns, templates, triggers, references and statistics."""
