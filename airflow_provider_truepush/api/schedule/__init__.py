"""When a Truepush trigger sends: schedules, cron expressions and times in the project's time zone."""
