"""Policy tests: small scenes beside the policies, and what the planner is expected to decide in them."""
