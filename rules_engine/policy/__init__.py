"""From the text of policies to validated, frozen values."""
