"""What jobs declared: events, logs, seals and the record that they fold to."""
