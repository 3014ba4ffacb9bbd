"""The page of alerts: rules, tries, mutes, history."""
