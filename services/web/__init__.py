"""What every page of every service shares: layout, stylesheet, language, headers, and who is let in unsigned.

Neutral ground: it imports no service, so that services share pages without importing each other.
"""
