"""The evaluator: submissions in; observations, verdicts and the event that they were made out.

`effects` says what a batch of submissions means, `store` holds the SQL, `__main__` wires a worker.
Workers are disposable: all state is in the database.
"""
