"""Who people are: accounts, passwords, sessions, API tokens, and the guard that lets nobody else in.

`web.add_accounts` guards an application; `account.Account` is what the rest of a service needs to know of a person.
Imports no other service.
"""
