"""Several forecasts of the same events in one table, ranked on the rows that all of them have.

Start with `board`: it scores and ranks. `entries` finds the forecasts in files and `common` joins their rows. `corp`,
`elementary` and `ranks` compute what only a leaderboard shows. `text`, `figures` and `page` show it, and `command` is
what `solarflare score` calls.
"""
