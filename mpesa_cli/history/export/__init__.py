"""Payments, receipts, charges and totals of a time, for the office: as a workbook, as CSV files, as a SQLite file."""
