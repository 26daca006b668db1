"""The decision, pure: from policies, jobs and facts to a plan and its reasons."""
