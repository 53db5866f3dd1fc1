"""What a person does in the workspace, and what the app is told of it."""
