"""The fault suite: a worker is ended at every named step, and the tables have to come out as if it had not been.

`reports` holds what is published, `killing_worker` is the worker that fails at a named point, `mutations` are builds
of its loop that are known to lose, `case` runs one history from publication to quiet, `tables` compares and counts.
"""
