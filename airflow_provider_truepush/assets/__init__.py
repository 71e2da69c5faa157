"""Asset URIs of Truepush."""
