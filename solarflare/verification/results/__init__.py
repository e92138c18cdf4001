"""What an evaluation hands on to its readers besides scores. Imports no network.

Start with `wording`: it names the question and the answers. `shown` keeps the test rows that galleries show.
"""
