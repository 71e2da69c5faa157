"""The models of the API: campaigns, templates, triggers, references and statistics."""
