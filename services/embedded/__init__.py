"""The servers for trying out and for a small office, started by Planwatch itself.

`servers` starts what is not given from outside: `postgres` (PostgreSQL on a unix socket), `broker`
(a Kafka-compatible broker in memory) and `mail_catcher` (an SMTP server that keeps the mails in a
Maildir). `data_dir` is the folder that holds their data. This file imports none of them, because
`python -m services.embedded.mail_catcher` has to start quickly.
"""
