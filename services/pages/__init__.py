"""The pages that people look at: plans, warnings, receipts and mails, in Chinese with English beside.

Read-only. `store` loads (role planwatch_reader), `catcher` reads the local mail catcher's folder, the view
modules decide what is shown and are pure, `handlers` join them, `app` wires routes and headers.
"""
