"""ECS as the miniature uses it: events and their timeline, usage, and tasks in the API's form."""
