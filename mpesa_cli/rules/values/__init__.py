"""Values that the rules work with: amounts, phone numbers, references, receipts, dates."""
