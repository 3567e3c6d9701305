"""The handbook: glossary, tips, what pages are for, and the documentation, as data that every face can show."""
