"""The only code that changes users' files: it carries out a plan, and nothing that is not in it."""
