"""What an evaluation hands on to its readers besides scores; imports no network.

Start with `wording`, how questions and answers are called. `shown` keeps the test rows that galleries show.
"""
