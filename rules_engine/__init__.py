"""The declarative life of the files that pipelines leave behind."""

__version__ = "0.1.0"
