"""Statement files: M-PESA's own record of a shortcode, as the organisation portal exports it."""

from mpesa_cli.statements.statement import Statement, open_statement
from mpesa_cli.statements.values import Gap, Heading, Problem

__all__ = ["Gap", "Heading", "Problem", "Statement", "open_statement"]
