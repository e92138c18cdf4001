"""Answers of the trained networks for any image, and scores of any forecasts.

The room may import from every other room. Start with `predictor`: an image goes in, an answer comes out.

- Input: `images` lists image files, `trained` loads a project's networks, `regions` looks up where the active regions
  are and `find_regions` finds them in an image, `newest_image` fetches the newest image.
- Output: `answer_text` and `picture` show an answer; `now` answers for today's Sun.
- Forecasts of anybody: `forecast_files` reads them, `scoring` scores them, `leaderboard` compares several, `scoreboard`
  writes them in CCMC's form, `daily` writes our own as operators publish theirs.
- `base_rates` counts how often a task's answer is yes. `schema` names the parameters that this room reads.
"""
