"""模拟: years of generated reports with planted faults, judged by the real core, held against the planted truth.

`indicators` and `plan` say what is watched, `planting` what goes wrong where, `latent` what would be measured without
noise, `reports` what is sent. `truth` judges the latent figures by the plan's rules and never calls the core; `area`
puts the reports through the core; `matching` compares both, `explanation` says why they differ, `whole` does it for all
areas. `book` is the book of cases in memory.
"""
