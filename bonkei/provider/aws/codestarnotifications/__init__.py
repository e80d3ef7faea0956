"""AWS CodeStar Notifications."""
