"""其他渠道: webhooks and what apprise offers, told of steps of cases through an outbox of their own.

Which channels there are stands in a file of the operator; rows are entered with the step, sent by `delivery`.
"""
