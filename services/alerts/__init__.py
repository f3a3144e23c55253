"""The alerting service: assessments become warning cases, cases become mails, mails are sent.

`render` words a mail (pure: it reads its templates and nothing else); the rest of the package loads, records
and sends. A mail is rendered once, when its case changes, and every attempt sends the same bytes.
"""
