"""What lessons, their tests and their readers share: small worlds to try ideas on, too long for a cell.

A folder for each world. `shop` sells by the harbour, once by calling and once by events; lesson 08 uses it.
"""
