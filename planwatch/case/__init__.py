"""预警: what a case is, and what every event means for it.

`machine.transition` is the one way in which a case changes: pure, total, without clock and I/O. `kinds` and `model` say
what a case is, `events` what may happen to it, `effects` what follows; `judgement` reads figures, `deadlines` counts
working days, `notice` decides about mails, `inhibition` which case speaks for which, `ledger` chains the history.
"""
