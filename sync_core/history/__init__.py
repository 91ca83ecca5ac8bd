"""What the history is for: explaining a number, exporting what happened, keeping it only as long as it is needed, forgetting a person."""
