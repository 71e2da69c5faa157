"""Poll the campaigns that deferred tasks of one triggerer wait for, together and within the rate limit."""
