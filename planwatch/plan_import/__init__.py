"""A new plan from its document: find the main table, read its cells, propose what the catalogue needs.

Nothing here reads a file: `services.documents` turns a file into a `SourceDocument`, `services.plan_drafts` keeps what
comes out. Every reading carries a confidence; what stands on weak evidence is marked, never guessed silently.
"""
