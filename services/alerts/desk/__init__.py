"""The desk: the pages and the API at which people answer cases. `app.add_desk` adds it to the alerting service.

Served by the alerting service because every form is an event of a case: decided by the state machine and written in one
transaction under the lock of its plan.
"""
