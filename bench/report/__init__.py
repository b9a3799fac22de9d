"""What is made of the JSON of a run: tables, pictures, comparisons."""
